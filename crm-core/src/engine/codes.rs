//! Codes for everybody: issued by the million, each to become the coupon of whoever uses it first.

use super::drive::Drive;
use super::progress::{ProgressAnswer, heeded};
use super::reach::{Reach, now};
use super::sync::Engine;
use super::waits::AsyncEngine;
use crate::code::NormalCode;
use crate::command::CodeIssue;
use crate::decide::offers::coupons::bearer;
use crate::decide::offers::gather::code_name;
use crate::error::{Error, ErrorCode, Result};
use crate::limits::CONFLICT_TRIES_MAX;
use crate::store::{Commit, CommitReply, Guard, Write};
use crate::value::Timestamp;
use crate::workspace::Identity;
use crate::workspace::rows::{identity_row, read_identity};
use crate::workspace::state::{CodeOf, encode};
use std::collections::BTreeSet;

/// What became of codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CodesReport {
    /// Issued now.
    pub issued: u64,
    /// There before: issued by an earlier run, or named twice. They stay as they are.
    pub known: u64,
}

/// Codes per commit.
const PAGE: u64 = 1_000;

impl Engine {
    /// Issues a coupon for each code, in any spelling, without an owner: it becomes the coupon of the first customer whose claim uses its code.
    /// Streams, holds a page of codes at a time, and may be stopped and run again: codes that are there stay as they are.
    ///
    /// ```
    /// use crm_core::{Engine, store::MemoryStore, command::CodeIssue, value::{OfferId, Timestamp}};
    /// let engine = Engine::open(MemoryStore::new())?;
    /// let at = Timestamp::parse("2026-03-01T10:00:00Z")?;
    /// engine.publish_json(r#"{ "version": 1, "program": "shop", "revision": 1, "zone": "UTC", "currencies": ["EUR"],
    ///     "offers": [{ "id": "five", "needs": { "type": "coupon" }, "effect": { "type": "fixed_off", "amount": "5.00" } }] }"#, at)?;
    /// let issue = CodeIssue { offer: OfferId::new("five")?, valid_from: None, valid_until: None, uses: None };
    /// let mut codes = ["7HKM-2QXD", "9RTW-4BNC", "9rtw 4bnc"].into_iter().map(|code| Ok(code.to_owned()));
    /// let report = engine.issue_codes(&issue, at, &mut codes, &mut |_| {})?;
    /// assert_eq!((report.issued, report.known), (2, 1));
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `offer.unknown`, `coupon.offer`, `coupon.dates`; `code.text` and `coupon.code` (a public code of the program) name the place of the
    /// code, from 1; what `codes` returns; `stopped` where `progress` says so; `store.*`. What was issued before the error stays issued.
    pub fn issue_codes<A: ProgressAnswer>(
        &self,
        issue: &CodeIssue,
        at: Timestamp,
        codes: &mut dyn Iterator<Item = Result<String>>,
        progress: &mut dyn FnMut(&CodesReport) -> A,
    ) -> Result<CodesReport> {
        now(self.drive.issue_codes(issue, at, codes, &mut heeded(progress)))
    }
}

impl AsyncEngine {
    /// As [`Engine::issue_codes`].
    ///
    /// # Errors
    /// As there.
    pub async fn issue_codes<A: ProgressAnswer>(
        &self,
        issue: &CodeIssue,
        at: Timestamp,
        codes: &mut (dyn Iterator<Item = Result<String>> + Send),
        progress: &mut (dyn FnMut(&CodesReport) -> A + Send),
    ) -> Result<CodesReport> {
        self.drive.issue_codes(issue, at, codes, &mut heeded(progress)).await
    }
}

impl<S: Reach> Drive<S> {
    async fn issue_codes<C, P>(
        &self,
        issue: &CodeIssue,
        at: Timestamp,
        codes: &mut C,
        progress: &mut P,
    ) -> Result<CodesReport>
    where
        C: Iterator<Item = Result<String>> + ?Sized,
        P: FnMut(&CodesReport) -> Result<()> + ?Sized,
    {
        let program = self.program()?;
        let body = encode(&CodeOf::Bearer(bearer(&program, issue, at)?));
        let mut report = CodesReport::default();
        let mut place = 0_u64;
        loop {
            let mut names = BTreeSet::new();
            let mut read = 0_u64;
            while read < PAGE {
                let Some(code) = codes.next() else { break };
                (place, read) = (place.saturating_add(1), read.saturating_add(1));
                let code = NormalCode::of(&code?).map_err(|error| error.with("place", place))?;
                if program.offer_of_code(&code).is_some() {
                    let message = "the code is a public code of the program";
                    return Err(Error::new(ErrorCode::CouponCode, message).field("code").with("place", place));
                }
                names.insert(code_name(code.as_str()));
            }
            if read == 0 {
                return Ok(report);
            }
            let issued = self.put_codes(&names, &body).await?;
            report.issued = report.issued.saturating_add(issued);
            report.known = report.known.saturating_add(read.saturating_sub(issued));
            progress(&report)?;
        }
    }

    /// Puts the names that are not there; how many.
    async fn put_codes(&self, names: &BTreeSet<String>, body: &[u8]) -> Result<u64> {
        for _ in 0..CONFLICT_TRIES_MAX {
            let reads: Vec<_> = names.iter().map(read_identity).collect();
            let found = self.store.load(&reads).await?;
            let missing = names.iter().zip(found).filter(|(_, rows)| rows.is_empty());
            let writes: Vec<Write> = missing
                .map(|(name, _)| {
                    let identity = Identity { version: 0, customer: None, body: Some(body.to_vec()) };
                    Write::Put { row: identity_row(name, &identity), guard: Guard::New }
                })
                .collect();
            let count = u64::try_from(writes.len()).unwrap_or(u64::MAX);
            if writes.is_empty() || self.store.commit(&Commit { writes }).await? == CommitReply::Done {
                return Ok(count);
            }
        }
        Err(Error::new(ErrorCode::StoreContended, "other writers were faster each time"))
    }
}
