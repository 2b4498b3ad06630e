//! `crm report`: one HTML page that says how the programme is doing, without network, scripts or other files.

mod chart;
mod cohort;
mod figures;
mod months;
mod offers;
mod page;
mod shared;

use crate::cli::args::{Global, Report};
use crate::cli::output::{NewFile, Out};
use crate::cli::problem::{Finished, Problem};
use crate::cli::shop::Shop;
use crm_core::value::Timestamp;
use figures::Figures;
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};

pub(crate) fn report(global: &Global, task: &Report, out: &mut Out) -> Finished {
    let shop = Shop::look(global)?;
    let at = shop.instant_for_all(global.at)?;
    let figures = Figures::collect(&shop.engine, at)?;
    let path = match (&task.out, out.is_json()) {
        (Some(path), _) => Some(path.clone()),
        (None, true) => None,
        (None, false) => Some(PathBuf::from("crm-report.html")),
    };
    if let Some(path) = &path {
        save(path, &figures)?;
    }
    if out.is_json() {
        let written = path.map(|path| path.display().to_string());
        return out.json(&json!({ "path": written, "figures": figures }));
    }
    match path {
        Some(path) => out.line(format!("report written to {}; open it in a browser", path.display())),
        None => Ok(()),
    }
}

/// Writes the page as things stand at an instant.
pub(crate) fn write(shop: &Shop, at: Timestamp, path: &Path) -> Finished {
    save(path, &Figures::collect(&shop.engine, at)?)
}

fn save(path: &Path, figures: &Figures) -> Finished {
    let mut file = NewFile::create(path)?;
    file.write_all(page::page(figures).as_bytes()).map_err(|error| Problem::file("write", path, error))?;
    file.finish()
}
