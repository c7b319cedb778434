//! The hook program, beside `weir`: all of it is in its room.

fn main() -> std::process::ExitCode {
    weir_courier::program::main()
}
