//! What a simulation makes of each member, as tables that are held in memory.

use crate::columns::{Head, Is, Rows, schema};
use crate::errors::raise;
use crate::ffi;
use arrow_array::{RecordBatch, RecordBatchIterator};
use arrow_schema::{ArrowError, SchemaRef};
use crm_core::points::Balances;
use crm_core::simulate::{MemberWhatIf, PointsSide};
use crm_core::value::Points;
use crm_core::{Error, Result};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

/// Rows of a batch.
const ENOUGH: usize = 64 * 1024;

const MEMBERS: &[Head] = &[
    ("customer_id", Is::Text, false),
    ("affected", Is::Flag, false),
    ("orders", Is::Int, false),
    ("stage_before", Is::Word, true),
    ("stage_after", Is::Word, true),
    ("activity_before", Is::Word, true),
    ("activity_after", Is::Word, true),
    ("coupons_before", Is::Int, false),
    ("coupons_after", Is::Int, false),
];

const POINTS: &[Head] = &[
    ("customer_id", Is::Text, false),
    ("currency", Is::Word, false),
    ("available_before", Is::Int, false),
    ("available_after", Is::Int, false),
    ("pending_before", Is::Int, false),
    ("pending_after", Is::Int, false),
    ("held_before", Is::Int, false),
    ("held_after", Is::Int, false),
    ("debt_before", Is::Int, false),
    ("debt_after", Is::Int, false),
    ("issued_before", Is::Int, false),
    ("issued_after", Is::Int, false),
    ("redeemed_before", Is::Int, false),
    ("redeemed_after", Is::Int, false),
    ("expired_before", Is::Int, false),
    ("expired_after", Is::Int, false),
    ("revoked_before", Is::Int, false),
    ("revoked_after", Is::Int, false),
    ("unrecovered_before", Is::Int, false),
    ("unrecovered_after", Is::Int, false),
    ("offset_before", Is::Int, false),
    ("offset_after", Is::Int, false),
    ("uncovered_before", Is::Int, false),
    ("uncovered_after", Is::Int, false),
];

const TIERS: &[Head] = &[
    ("customer_id", Is::Text, false),
    ("ladder", Is::Word, false),
    ("tier_before", Is::Word, true),
    ("tier_after", Is::Word, true),
];

/// A table in memory.
#[pyclass(frozen, module = "crm_core._native")]
pub(crate) struct Held {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    rows: i64,
}

/// A table that is being made.
struct Making {
    schema: SchemaRef,
    rows: Rows,
    batches: Vec<RecordBatch>,
    count: usize,
}

fn unmade(error: &ArrowError) -> Error {
    Error::internal(error.to_string())
}

impl Making {
    fn new(heads: &[Head]) -> Self {
        // There is no money in it.
        let schema = schema(heads, 0);
        Self { rows: Rows::new(heads, schema.clone(), 0), schema, batches: Vec::new(), count: 0 }
    }

    fn cut(&mut self, enough: usize) -> Result<()> {
        if enough <= self.rows.count() {
            self.count = self.count.saturating_add(self.rows.count());
            self.batches.push(self.rows.finish().map_err(|error| unmade(&error))?);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Held> {
        self.cut(1)?;
        Ok(Held { schema: self.schema, batches: self.batches, rows: i64::try_from(self.count).unwrap_or(i64::MAX) })
    }
}

/// All members, in three tables.
pub(crate) struct Members {
    members: Making,
    points: Making,
    tiers: Making,
}

/// Sums of one side, in the order of the columns.
fn sums(side: &PointsSide) -> [Points; 11] {
    let Balances { available, pending, held, debt, issued, redeemed, expired, revoked, unrecovered, offset, .. } =
        side.balances;
    [available, pending, held, debt, issued, redeemed, expired, revoked, unrecovered, offset, side.uncovered]
}

impl Members {
    pub(crate) fn new() -> Self {
        Self { members: Making::new(MEMBERS), points: Making::new(POINTS), tiers: Making::new(TIERS) }
    }

    pub(crate) fn add(&mut self, member: &MemberWhatIf) -> Result<()> {
        let id = member.customer_id.as_str();
        let (before, after) =
            member.stage.as_ref().map_or((None, None), |stage| (stage.before.as_ref(), stage.after.as_ref()));
        self.members.rows.add(|row| {
            row.text(id)
                .flag(member.affected)
                .count(member.orders)
                .text(before.map(|at| &*at.stage))
                .text(after.map(|at| &*at.stage))
                .text(before.map(|at| &*at.activity))
                .text(after.map(|at| &*at.activity))
                .count(member.coupons_before)
                .count(member.coupons_after);
            Ok(())
        })?;
        for one in &member.points {
            self.points.rows.add(|row| {
                row.text(id).text(one.currency.as_str());
                for (before, after) in sums(&one.before).into_iter().zip(sums(&one.after)) {
                    row.points(before).points(after);
                }
                Ok(())
            })?;
        }
        for one in &member.tiers {
            self.tiers.rows.add(|row| {
                row.text(id)
                    .text(one.ladder.as_str())
                    .text(one.before.as_ref().map(|tier| tier.as_str()))
                    .text(one.after.as_ref().map(|tier| tier.as_str()));
                Ok(())
            })?;
        }
        [&mut self.members, &mut self.points, &mut self.tiers].into_iter().try_for_each(|table| table.cut(ENOUGH))
    }

    pub(crate) fn finish(self) -> Result<(Held, Held, Held)> {
        Ok((self.members.finish()?, self.points.finish()?, self.tiers.finish()?))
    }
}

#[pymethods]
impl Held {
    fn stream_capsule<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let batches = self.batches.clone().into_iter().map(Ok);
        ffi::stream_capsule(py, Box::new(RecordBatchIterator::new(batches, self.schema.clone())))
    }

    fn schema_capsule<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        ffi::schema_capsule(py, &self.schema)?.map_err(|error| raise(py, &unmade(&error)))
    }

    /// Names and types of the columns.
    fn columns(&self) -> Vec<(String, String)> {
        self.schema.fields().iter().map(|field| (field.name().clone(), field.data_type().to_string())).collect()
    }

    /// How many rows there are.
    fn rows(&self) -> i64 {
        self.rows
    }
}
