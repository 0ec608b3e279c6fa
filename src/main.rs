//! The `daak` binary: arguments in, exit code out.

use clap::Parser;
use daak::cli::Arguments;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Two crates bring a TLS provider of their own: the one to use is said first thing. It fails only if one was set before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => {
            eprintln!("daak: the runtime does not start: {why}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(daak::cli::run(arguments)) {
        Ok(code) => code,
        Err(why) => {
            eprintln!("daak: {why:#}");
            ExitCode::FAILURE
        }
    }
}
