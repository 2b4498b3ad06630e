//! Arrow by its C interface, in capsules of Python: the one place with unsafe code. Data is not copied either way.
#![allow(unsafe_code, reason = "the C interface of Arrow is made of pointers")]

use arrow_array::ffi::{FFI_ArrowArray, from_ffi_and_data_type};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{ArrayRef, RecordBatchReader, StructArray};
use arrow_schema::ffi::FFI_ArrowSchema;
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use std::ffi::CStr;
use std::sync::Arc;

const STREAM: &CStr = c"arrow_array_stream";
const SCHEMA: &CStr = c"arrow_schema";

/// A stream that somebody hands over.
pub(crate) struct Incoming {
    stream: FFI_ArrowArrayStream,
    fields: Fields,
}

impl Incoming {
    /// Takes the stream out of a capsule. A second reader of the capsule finds an empty one.
    pub(crate) fn of(capsule: &Bound<'_, PyCapsule>) -> PyResult<Result<Self, ArrowError>> {
        let pointer = capsule.pointer_checked(Some(STREAM))?;
        // SAFETY: a capsule of this name holds an `ArrowArrayStream` that it owns, by the PyCapsule interface, and it lives while we hold
        // a reference to it. The lock of the interpreter is held, so nobody else takes from it at the same time. `from_raw` moves the
        // stream out and leaves a released one behind, which neither the capsule nor another reader frees again.
        let stream = unsafe { FFI_ArrowArrayStream::from_raw(pointer.as_ptr().cast()) };
        Ok(Self::open(stream))
    }

    fn open(mut stream: FFI_ArrowArrayStream) -> Result<Self, ArrowError> {
        let (Some(_), Some(get_schema)) = (stream.release(), stream.get_schema()) else {
            return Err(ArrowError::CDataInterface("the stream was read before".to_owned()));
        };
        let mut schema = FFI_ArrowSchema::empty();
        // SAFETY: the stream is not released, and the place for the schema is ours and empty.
        if unsafe { get_schema(&raw mut stream, &raw mut schema) } != 0 {
            return Err(failure(&mut stream));
        }
        let fields = Schema::try_from(&schema)?.fields;
        Ok(Self { stream, fields })
    }

    pub(crate) const fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The columns of the next batch, and how many rows it has. Whoever makes it may want the interpreter's lock.
    pub(crate) fn batch(&mut self) -> Option<Result<(usize, Vec<ArrayRef>), ArrowError>> {
        let get_next = self.stream.get_next()?;
        let mut array = FFI_ArrowArray::empty();
        // SAFETY: the stream is not released, and the place for the batch is ours and empty.
        if unsafe { get_next(&raw mut self.stream, &raw mut array) } != 0 {
            return Some(Err(failure(&mut self.stream)));
        }
        if array.is_released() {
            return None;
        }
        if array.num_children() != self.fields.len() {
            return Some(Err(ArrowError::CDataInterface("a batch has other columns than its schema".to_owned())));
        }
        // Some libraries give a column of nothing a mask, which it must not have; a structure of nothing has one, and says the same.
        let with_mask =
            |place: usize, field: &Field| *field.data_type() == DataType::Null && array.child(place).num_buffers() == 1;
        let fields = self.fields.iter().enumerate().map(|(place, field)| match with_mask(place, field) {
            true => Arc::new(Field::new(field.name(), DataType::Struct(Fields::empty()), true)),
            false => field.clone(),
        });
        let data_type = DataType::Struct(fields.collect());
        // SAFETY: the stream said that this is the type of its batches, by the C interface, and the batch is not released. The one
        // column that is read as another type has the same buffers in both.
        let data = unsafe { from_ffi_and_data_type(array, data_type) };
        Some(data.map(|data| (data.len(), StructArray::from(data).into_parts().1)))
    }
}

/// What the maker of a stream says about its last failure.
fn failure(stream: &mut FFI_ArrowArrayStream) -> ArrowError {
    let told = stream.get_last_error().and_then(|get_last_error| {
        // SAFETY: the stream is not released, and its last call has failed.
        let told = unsafe { get_last_error(std::ptr::from_mut(stream)) };
        // SAFETY: what is not null is a text that ends with a zero and lives until the next call, which we do not make before it is copied.
        (!told.is_null()).then(|| unsafe { CStr::from_ptr(told) }.to_string_lossy().into_owned())
    });
    ArrowError::CDataInterface(told.unwrap_or_else(|| "whoever makes it failed, and does not say why".to_owned()))
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
///
/// PyO3 is not asked whether the lock is held: a reader that is called back by us may have let go of it by itself, of which PyO3 knows
/// nothing.
pub(crate) fn without_lock<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    // SAFETY: it may be called without the lock, and only looks at this thread's own storage.
    let known = unsafe { !ffi::PyGILState_GetThisThreadState().is_null() };
    if !known {
        return work();
    }
    let _lock = Lock::leave();
    work()
}

/// The interpreter's lock while it is not held; dropped, also by a panic, it is as it was before.
struct Lock {
    before: ffi::PyGILState_STATE,
    state: *mut ffi::PyThreadState,
}

impl Lock {
    /// On a thread that Python knows.
    fn leave() -> Self {
        // SAFETY: Python knows this thread. `Ensure` may be called with the lock and without it, and the lock is held after it, as
        // `SaveThread` wants it.
        unsafe {
            let before = ffi::PyGILState_Ensure();
            Self { before, state: ffi::PyEval_SaveThread() }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // SAFETY: the same thread, in the opposite order: the state is the one that was saved, and each call has its counterpart.
        unsafe {
            ffi::PyEval_RestoreThread(self.state);
            ffi::PyGILState_Release(self.before);
        }
    }
}
