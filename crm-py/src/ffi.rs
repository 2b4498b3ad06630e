//! Arrow by its C interface, in capsules of Python: the one place with unsafe code. Data is not copied either way.
#![allow(unsafe_code, reason = "the C interface of Arrow is made of pointers")]

use arrow_array::RecordBatchReader;
use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_schema::ffi::FFI_ArrowSchema;
use arrow_schema::{ArrowError, Schema};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

const STREAM: &std::ffi::CStr = c"arrow_array_stream";
const SCHEMA: &std::ffi::CStr = c"arrow_schema";

/// Takes the stream out of a capsule. A second reader of the capsule finds an empty one.
pub(crate) fn stream_of(capsule: &Bound<'_, PyCapsule>) -> PyResult<Result<RecordBatchStreamReader, ArrowError>> {
    let pointer = capsule.pointer_checked(Some(STREAM))?;
    // SAFETY: a capsule of this name holds an `ArrowArrayStream` that it owns, by the PyCapsule interface, and it lives while we hold a
    // reference to it. The lock of the interpreter is held, so nobody else takes from it at the same time. `from_raw` moves the stream
    // out and leaves a released one behind, which neither the capsule nor another reader frees again.
    let stream = unsafe { FFI_ArrowArrayStream::from_raw(pointer.as_ptr().cast()) };
    Ok(RecordBatchStreamReader::try_new(stream))
}

/// A capsule with a stream, which frees it unless somebody has taken it.
pub(crate) fn stream_capsule<'py>(
    py: Python<'py>,
    reader: Box<dyn RecordBatchReader + Send>,
) -> PyResult<Bound<'py, PyCapsule>> {
    PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(reader), STREAM)
}

/// A capsule with a schema.
pub(crate) fn schema_capsule<'py>(
    py: Python<'py>,
    schema: &Schema,
) -> PyResult<Result<Bound<'py, PyCapsule>, ArrowError>> {
    match FFI_ArrowSchema::try_from(schema) {
        Ok(schema) => Ok(Ok(PyCapsule::new_with_value(py, schema, SCHEMA)?)),
        Err(error) => Ok(Err(error)),
    }
}

/// Runs work without the interpreter's lock, wherever it is called from: whoever reads our streams may hold it, or not, or be a thread
/// that Python has never seen.
pub(crate) fn without_lock<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    // SAFETY: it may be called without the lock, and only looks at this thread's own storage.
    let known = unsafe { !pyo3::ffi::PyGILState_GetThisThreadState().is_null() };
    if known { Python::attach(|py| py.detach(work)) } else { work() }
}
