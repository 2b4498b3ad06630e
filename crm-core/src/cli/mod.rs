//! The command line `crm` (feature `cli`), as a function: the program of that name and the `crm` of Python's package call it.
//!
//! It stands outside and uses the public face of the library, as a host does. See `docs/guides/command-line.md`.

mod args;
mod cells;
mod checkout;
mod clock;
mod codes;
mod copy;
mod demo;
mod doing;
mod explain;
mod export;
mod feed;
mod files;
mod held;
mod import;
mod interrupt;
mod members;
mod offers;
mod output;
mod problem;
mod programs;
mod quote;
mod report;
mod shop;
mod show;
mod sweep;
mod table;
mod vectors;
mod what_if;
mod words;

use args::{Cli, Task};
use clap::Parser;
use clap::error::ErrorKind;
use output::Out;
use problem::{Finished, Problem};
use std::ffi::OsString;

/// Runs the command line with these arguments, the first being the name of the program, and gives its exit code. What it has to say goes to
/// the standard output and the standard error.
pub fn run<T: Into<OsString> + Clone>(arguments: impl IntoIterator<Item = T>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return misused(&error, arguments.iter().any(|argument| argument == "--json")),
    };
    let mut out = Out::new(cli.global.json);
    let finished = carry_out(cli, &mut out).and_then(|()| out.flush());
    match finished {
        Ok(()) => 0,
        Err(problem) => {
            // What was printed so far comes before the error, on a terminal as in a log.
            let _ = out.flush();
            problem.tell(out.is_json());
            problem.exit_code()
        }
    }
}

fn carry_out(cli: Cli, out: &mut Out) -> Finished {
    let global = cli.global;
    match cli.task {
        Task::Demo(task) => demo::demo(&global, &task, out),
        Task::Import(task) => import::import(&global, &task, out),
        Task::Revert(task) => import::revert(&global, &task, out),
        Task::Show(task) => show::show(&global, &task, out),
        Task::Explain(task) => explain::explain(&global, &task.what, out),
        Task::Quote(task) => quote::quote(&global, &task, out),
        Task::Do(task) => doing::execute(&global, &task, out),
        Task::Ask(task) => doing::ask(&global, &task, out),
        Task::Sweep(task) => sweep::sweep(&global, &task, out),
        Task::Report(task) => report::report(&global, &task, out),
        Task::Export(task) => export::export(&global, &task, out),
        Task::Feed(task) => feed::feed(&global, &task, out),
        Task::Backup(task) => files::backup(&global, &task, out),
        Task::Copy(task) => copy::copy(&task, out),
        Task::Restore(task) => files::restore(&task, out),
        Task::Verify(task) => files::verify(&global, &task, out),
        Task::CheckProgram(task) => programs::check(&task, out),
        Task::Publish(task) => programs::publish(&global, &task, out),
        Task::WhatIf(task) => what_if::what_if(&global, &task, out),
        Task::CheckVectors(task) => vectors::check(&task, out),
        Task::Schema(task) => shop::schema(&task, out),
        Task::Codes(task) => codes::codes(&task.task, out),
    }
}

/// Help and version are no errors; everything else that clap refuses is wrong usage.
fn misused(error: &clap::Error, wants_json: bool) -> u8 {
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if asked || !wants_json {
        let _ = error.print();
    } else {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        Problem::Usage(first).tell(true);
    }
    if asked { 0 } else { problem::USAGE }
}
