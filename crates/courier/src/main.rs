//! The hook program alone, to be linked whole and installed as `weir-hook`: `cargo xtask install`.

fn main() -> std::process::ExitCode {
    weir_courier::program::main()
}
