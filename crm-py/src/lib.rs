//! crm-core for Python: converts values, forwards, converts back. No rule of the domain is here.

mod attempts;
mod cells;
mod check;
mod codes;
mod columns;
mod engine;
mod errors;
mod ffi;
mod free;
mod ingest;
mod members;
mod progress;
mod read;
mod stream;
mod tables;
mod types;
mod what_if;
mod write;

#[pyo3::pymodule]
mod _native {
    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    #[pymodule_export]
    const PAGE_MAX: usize = crm_core::limits::PAGE_ROWS_MAX;
    #[pymodule_export]
    use crate::attempts::{AttemptRules, Attempts};
    #[pymodule_export]
    use crate::codes::{CodeBatch, TillKey, code_length, normal_code, read_code};
    #[pymodule_export]
    use crate::engine::{Engine, offset};
    #[cfg(debug_assertions)]
    #[pymodule_export]
    use crate::errors::rehearsal::_panic_behind;
    #[pymodule_export]
    use crate::free::{
        check_program, command_line, detect_format, from_dict, from_json, plan_refund, program_schema, quote, restore,
        sample_program, schema, to_json, verify,
    };
    #[pymodule_export]
    use crate::ingest::ingest;
    #[pymodule_export]
    use crate::members::Held;
    #[pymodule_export]
    use crate::tables::Table;
    #[pymodule_export]
    use crate::what_if::Histories;
}
