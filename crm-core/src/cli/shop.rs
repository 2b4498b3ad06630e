//! The database and whom a name means in it.

use crate::cli::args::{Global, Schema};
use crate::cli::clock::{self, Moment};
use crate::cli::output::Out;
use crate::cli::problem::{Finished, Problem};
use crm_core::customer::{CustomerRecord, Identifier, IdentifierKind};
use crm_core::program::Program;
use crm_core::query::{Answer, Query};
use crm_core::store::{OpenMode, Opened, Opening, SqliteStore, server_address};
use crm_core::value::{CustomerId, Timestamp};
use crm_core::{Engine, Error, ErrorCode};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An open database.
pub(crate) struct Shop {
    pub(crate) engine: Engine,
    /// The file, unless a server has the rows.
    pub(crate) file: Option<Arc<SqliteStore>>,
}

/// The file or address named by `--db` or `CRM_DB`.
pub(crate) fn path(global: &Global) -> Result<PathBuf, Problem> {
    let missing = || Problem::Usage("no database is named; give `--db FILE|ADDRESS` or set CRM_DB".to_owned());
    global.db.clone().filter(|path| !path.as_os_str().is_empty()).ok_or_else(missing)
}

/// Whether the database may be there; of a server it is found out by opening it.
pub(crate) fn exists(path: &Path) -> bool {
    server_address(path).is_some() || path.exists()
}

/// Opens the store of a file or an address.
pub(crate) fn store(path: &Path, open: OpenMode) -> Result<Opened, Problem> {
    Ok(Opened::open(path, Opening { open, ..Opening::default() })?)
}

/// Writes the statements that make a database.
#[cfg(feature = "postgres")]
pub(crate) fn schema(task: &Schema, out: &mut Out) -> Finished {
    use crate::cli::args::ServerProfile;
    use crm_core::store::{PostgresProfile, PostgresStore};
    let profile = match task.profile {
        ServerProfile::Postgres => PostgresProfile::Single,
        ServerProfile::Citus => PostgresProfile::Citus,
    };
    let sql = PostgresStore::schema_sql(&task.name, profile);
    if out.is_json() {
        return out.json(&serde_json::json!({ "sql": sql }));
    }
    sql.lines().try_for_each(|line| out.line(line))
}

/// Says what this build lacks.
#[cfg(not(feature = "postgres"))]
pub(crate) fn schema(_: &Schema, _: &mut Out) -> Finished {
    Err(Problem::Usage("this `crm` was built without PostgreSQL; build it with the feature `postgres`".to_owned()))
}

/// Opens what is there to look at it. A server is only read, by whomever. A file may have a log beside it, which others have left and only a
/// writer clears away; so it is opened for looking only where it cannot be written to. Either is opened the other way where the first fails:
/// tables of an older release have to be brought up to date before anybody can look.
pub(crate) fn to_look<T>(path: &Path, at: impl Fn(OpenMode) -> Result<T, Problem>) -> Result<T, Problem> {
    let [first, second] = match server_address(path) {
        Some(_) => [OpenMode::ReadOnly, OpenMode::OpenExisting],
        None => [OpenMode::OpenExisting, OpenMode::ReadOnly],
    };
    match at(first) {
        Err(Problem::Core(error)) if error.code() == ErrorCode::StoreReadOnly => at(second),
        opened => opened,
    }
}

impl Shop {
    /// Opens the database that is there.
    pub(crate) fn open(global: &Global) -> Result<Self, Problem> {
        Self::at(&path(global)?, OpenMode::OpenExisting)
    }

    /// Opens the database for questions, also where it cannot be written to.
    pub(crate) fn look(global: &Global) -> Result<Self, Problem> {
        let path = path(global)?;
        to_look(&path, |open| Self::at(&path, open))
    }

    /// Opens the database, or makes it.
    pub(crate) fn open_or_make(global: &Global) -> Result<Self, Problem> {
        Self::at(&path(global)?, OpenMode::CreateOrOpen)
    }

    pub(crate) fn at(path: &Path, open: OpenMode) -> Result<Self, Problem> {
        let opened = store(path, open)?;
        let engine = Engine::open_shared(opened.store())?;
        let file = match opened {
            Opened::File(store) => Some(store),
            Opened::Server(_) => None,
        };
        Ok(Self { engine, file })
    }

    pub(crate) fn program(&self) -> Result<Arc<Program>, Problem> {
        Ok(self.engine.program()?)
    }

    /// The instant that is given, or now.
    pub(crate) fn instant(&self, given: Option<Moment>) -> Result<Timestamp, Problem> {
        Ok(clock::or_now(given, self.program()?.zone()))
    }

    /// The instant to look at everybody: what is given, if nothing was recorded after it, or now. What somebody held is not kept once
    /// their journal goes on, and figures of today must not carry the date of another day.
    pub(crate) fn instant_for_all(&self, given: Option<Moment>) -> Result<Timestamp, Problem> {
        let at = self.instant(given)?;
        let last = if given.is_some() { self.last_recorded()? } else { None };
        match last.filter(|last| at < *last) {
            None => Ok(at),
            Some(last) => {
                let message =
                    format!("`{at}` is before the last entry, recorded at `{last}`; `crm export entries` has the past");
                Err(Error::new(ErrorCode::QueryField, message).field("at").with("last", last).into())
            }
        }
    }

    /// When the last entry of all was recorded.
    pub(crate) fn last_recorded(&self) -> Result<Option<Timestamp>, Problem> {
        let mut last = None;
        self.engine.each_entry(&mut |entry| {
            last = last.max(Some(entry.recorded_at));
            Ok(())
        })?;
        Ok(last)
    }

    /// The customer of this id, or else of this identifier.
    pub(crate) fn find(&self, name: &str) -> Result<CustomerRecord, Problem> {
        let by_id = CustomerId::new(name).and_then(|id| customer(&self.engine, &Query::Customer { customer_id: id }));
        match (by_id, identifier(name)) {
            (Err(error), Some(identifier)) if error.code() == ErrorCode::CustomerUnknown => {
                Ok(customer(&self.engine, &Query::Find { identifier })?)
            }
            (by_id, _) => Ok(by_id?),
        }
    }

    /// The instant to look at one customer: what is given, or now, or their last entry if that lies ahead of the clock.
    pub(crate) fn instant_for(&self, given: Option<Moment>, last: Option<Timestamp>) -> Result<Timestamp, Problem> {
        let at = self.instant(given)?;
        Ok(if given.is_none() { last.map_or(at, |last| last.max(at)) } else { at })
    }
}

fn customer(engine: &Engine, query: &Query) -> Result<CustomerRecord, Error> {
    match engine.ask(query)? {
        Answer::Customer { customer } => Ok(customer),
        _ => Err(Error::internal("a question about a customer has another answer")),
    }
}

/// `phone:13800138000`, `wx_openid:APP:ID`: the kind, the scope where the kind has one, and the value.
fn identifier(name: &str) -> Option<Identifier> {
    let (kind, rest) = name.split_once(':')?;
    let kind = *IdentifierKind::ALL.iter().find(|known| known.as_str() == kind)?;
    let (scope, value) = match kind.is_scoped().then(|| rest.split_once(':')).flatten() {
        Some((scope, value)) => (Some(scope.to_owned()), value),
        None => (None, rest),
    };
    Some(Identifier { kind, scope, value: value.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::identifier;

    #[test]
    fn names_with_a_known_kind_are_identifiers() {
        let phone = identifier("phone:138 0013 8000").unwrap();
        assert_eq!((phone.kind.as_str(), phone.value.as_str(), phone.scope), ("phone", "138 0013 8000", None));
        let open = identifier("wx_openid:app:o:1").unwrap();
        assert_eq!((open.scope.as_deref(), open.value.as_str()), (Some("app"), "o:1"));
        assert!(identifier("ann").is_none());
        assert!(identifier("shop:7").is_none());
    }
}
