//! `crm`: the engine at the command line. See `docs/guides/command-line.md`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(crm_core::cli::run(std::env::args_os()))
}
