//! Rows on a PostgreSQL server, for many processes at once.
//!
//! A load is one round trip and so is a commit. Nothing is kept between calls but connections and their prepared statements.

mod cells;
mod commit;
mod connect;
mod fault;
mod feed;
mod listen;
mod load;
mod pool;
mod profile;
mod routine;
mod schema;
mod sql;
mod tls;
mod usual;
mod waiting;

use super::contract::{Abilities, Commit, CommitReply, Read, Store};
use super::feed::{Fed, Offset, none_kept};
use super::place::Durability;
use super::row::Row;
use super::shape::{check_commit, check_reads};
use super::wake::end;
use crate::error::{Error, ErrorCode, Result};
use connect::Place;
use listen::{Ears, Teller};
use pool::Pool;
pub use profile::PostgresProfile;
use schema::{MIGRATIONS, VERSION};
use std::sync::Arc;
use tls::Mode;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use waiting::Tasks;

/// How to use a server. The default is the careful choice in each field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresOptions {
    /// The schema of this merchant; one database may have many.
    pub schema: String,
    /// What kind of server it is.
    pub profile: PostgresProfile,
    /// Whether the schema and its tables may be made; otherwise `store.missing` where they are not there.
    pub creates: bool,
    /// For looking only, also where nobody may write: a standby, a user who may only read. Nothing is made or brought up to date, every session
    /// is one that reads, and commits are refused with `store.read_only`, as is a schema of an older release.
    pub read_only: bool,
    /// Whether others are told of commits, so that whoever waits for entries need not look for them all the time.
    pub tells: bool,
    /// What a commit survives. `Full` is as the server is set up.
    pub durability: Durability,
    /// Most connections at the same time; more calls wait for their turn. At least one.
    pub connections_max: usize,
    /// How long to wait for a connection before giving up with `store.busy`, in milliseconds.
    pub pool_wait_ms: u32,
    /// How long the server may work on one statement before `store.busy`, in milliseconds; zero is for ever.
    pub statement_wait_ms: u32,
    /// How long to wait for an answer before `store.unreachable`, in milliseconds: longer than for one statement.
    pub answer_wait_ms: u32,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            schema: "crm".to_owned(),
            profile: PostgresProfile::Single,
            creates: true,
            read_only: false,
            tells: true,
            durability: Durability::default(),
            connections_max: 16,
            pool_wait_ms: 10_000,
            statement_wait_ms: 30_000,
            answer_wait_ms: 60_000,
        }
    }
}

/// A store on a PostgreSQL server, version 12 or later.
///
/// ```no_run
/// use crm_core::store::{PostgresOptions, PostgresStore};
/// let store = PostgresStore::open("postgres://crm:secret@db.example.com/shop", &PostgresOptions::default())?;
/// let engine = crm_core::Engine::open(store)?;
/// # Ok::<(), crm_core::Error>(())
/// ```
///
/// Where a connection is lost in the middle of a commit, nobody knows what became of it, and the call ends with `store.unreachable`. The
/// same request, sent again, finds its mark and gives its receipt, or is carried out now.
///
/// Threads use it as a [`Store`], tasks as an [`AsyncStore`](super::AsyncStore) on the runtime of tokio, or both at once. Each of the two
/// ways has `connections_max` connections of its own, opened when they are needed.
pub struct PostgresStore {
    pool: Pool,
    tasks: Tasks,
    ears: Ears,
}

impl PostgresStore {
    /// Connects, makes the tables where there are none, and brings them up to date where they are of an older release. The size of the
    /// tables does not matter.
    ///
    /// The address is a URL, `postgres://user:password@host:port/database`, or words such as `host=/run/postgresql dbname=shop`. In a
    /// URL, `schema=name` and `profile=citus` among the parameters at its end stand for the options of that name, and `notify=off` for `tells`.
    /// `sslmode` and `sslrootcert` mean what they mean to `libpq`; anything but `disable` and `prefer` needs the feature `postgres-tls`.
    ///
    /// # Errors
    /// `store.address`: the address cannot be read; `store.unreachable`; `store.login`; `store.missing`: no such database, or no tables
    /// and none may be made; `store.newer`; `store.corrupt`: the schema belongs to another application; `store.read_only`; `store.busy`;
    /// `store.full`; `store.failed`.
    pub fn open(address: &str, options: &PostgresOptions) -> Result<Self> {
        let place = place(address, options.clone())?;
        let store = Self::of(place);
        off_runtimes(|| {
            let bring_up = async |session: &mut connect::Session| store.bring_up(session).await;
            store.pool.with(|connection| connection.run("open the database", bring_up))
        })?;
        Ok(store)
    }

    /// As [`PostgresStore::open`], for callers that must not block.
    ///
    /// # Errors
    /// As there.
    pub async fn open_async(address: &str, options: &PostgresOptions) -> Result<Self> {
        let store = Self::of(place(address, options.clone())?);
        let bring_up = async |session: &mut connect::Session| store.bring_up(session).await;
        store.tasks.with(&store.pool.place, "open the database", bring_up).await?;
        Ok(store)
    }

    fn of(place: Place) -> Self {
        let (tasks, ears) = (Tasks::new(&place), Ears::new(&place));
        Self { pool: Pool::new(place), tasks, ears }
    }

    async fn bring_up(&self, session: &connect::Session) -> Result<()> {
        let PostgresOptions { schema, creates, read_only, profile, .. } = &self.pool.place.options;
        if *read_only {
            return schema::require(session, schema, VERSION).await;
        }
        let creates = *creates && *profile == PostgresProfile::Single;
        schema::bring_up(session, schema, creates, MIGRATIONS, VERSION).await?;
        match profile {
            PostgresProfile::Single => feed::keep_order(session).await,
            PostgresProfile::Citus => Ok(()),
        }
    }

    fn may_write(&self) -> Result<()> {
        let refused = || Error::new(ErrorCode::StoreReadOnly, "the store was opened for looking only");
        if self.pool.place.options.read_only { Err(refused()) } else { Ok(()) }
    }

    fn has_feed(&self) -> Result<()> {
        if Store::abilities(self).feed { Ok(()) } else { Err(none_kept()) }
    }

    /// The statements that make the schema of a store, for whoever makes it by hand: `psql` runs them.
    #[must_use]
    pub fn schema_sql(schema: &str, profile: PostgresProfile) -> String {
        profile::schema_sql(schema, profile)
    }

    /// Takes all rows out: for [`PostgresStore::run_sql`].
    #[doc(hidden)]
    pub const EMPTY: &'static str = "DO $$ DECLARE _table text; BEGIN FOR _table IN SELECT tablename FROM pg_tables \
        WHERE schemaname = current_schema() AND tablename <> 'crm_schema' LOOP EXECUTE 'DELETE FROM ' || _table; END LOOP; END $$";

    /// Lets tests do what a store does not: empty it, or remove it.
    ///
    /// # Errors
    /// `store.*`.
    #[doc(hidden)]
    pub fn run_sql(&self, statements: &str) -> Result<()> {
        off_runtimes(|| {
            let run = async |session: &mut connect::Session| {
                session.client.batch_execute(statements).await.map_err(fault::doing("run statements"))
            };
            self.pool.with(|connection| connection.run("run statements", run))
        })
    }
}

impl Store for PostgresStore {
    fn abilities(&self) -> Abilities {
        // Numbers of transactions are those of one machine.
        let feed = self.pool.place.options.profile == PostgresProfile::Single;
        Abilities { atomic_across_owners: true, durable: true, feed }
    }

    fn load(&self, reads: &[Read]) -> Result<Vec<Vec<Row>>> {
        check_reads(reads)?;
        if reads.is_empty() && !self.pool.is_closed() {
            return Ok(Vec::new());
        }
        off_runtimes(|| {
            let once = || {
                let load = async |session: &mut connect::Session| load::load(session, reads).await;
                self.pool.with(|connection| connection.run("load", load))
            };
            // A load may be sent again: after a restart of the server the next connection is a new one.
            match once() {
                Err(error) if error.code() == ErrorCode::StoreUnreachable => once(),
                answers => answers,
            }
        })
    }

    fn commit(&self, commit: &Commit) -> Result<CommitReply> {
        check_commit(commit)?;
        self.may_write()?;
        off_runtimes(|| {
            let commit = async |session: &mut connect::Session| commit::commit(session, commit).await;
            self.pool.with(|connection| connection.run("commit", commit))
        })
    }

    fn feed(&self, after: Offset, limit: usize) -> Result<Vec<Fed>> {
        self.has_feed()?;
        off_runtimes(|| {
            let feed = async |session: &mut connect::Session| feed::feed(session, after, limit).await;
            self.pool.with(|connection| connection.run("read the feed", feed))
        })
    }

    fn wait_for_entries(&self, after: Offset, wait_ms: u32) -> Result<bool> {
        let end = end(wait_ms);
        // Where there is something, nobody has to listen.
        if !Store::feed(self, after, 1)?.is_empty() {
            return Ok(true);
        }
        off_runtimes(|| self.ears.wait(after, end))
    }

    fn close(&self) -> Result<()> {
        self.ears.end();
        self.tasks.shut();
        self.pool.close();
        Ok(())
    }
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The address has a password in it.
        f.debug_struct("PostgresStore").field("options", &self.pool.place.options).finish_non_exhaustive()
    }
}

/// Reads an address. What the client beneath does not know is taken out before.
fn place(address: &str, mut options: PostgresOptions) -> Result<Place> {
    let is_url = address.starts_with("postgres://") || address.starts_with("postgresql://");
    let (front, parameters) = if is_url { address.split_once('?').unwrap_or((address, "")) } else { ("", address) };
    let (mut mode, mut roots, mut rest) = (Mode::default(), None, Vec::new());
    let words = parameters.split(|c: char| if is_url { c == '&' } else { c.is_whitespace() });
    for word in words.filter(|word| !word.is_empty()) {
        match word.split_once('=') {
            Some(("schema", schema)) if is_url => schema.clone_into(&mut options.schema),
            Some(("profile", profile)) if is_url => {
                let unknown = || Error::new(ErrorCode::StoreAddress, "the profiles are `postgres` and `citus`");
                options.profile = PostgresProfile::named(profile).ok_or_else(|| unknown().field("profile"))?;
            }
            Some(("notify", text)) if is_url => {
                options.tells = match text {
                    "on" => true,
                    "off" => false,
                    _ => return Err(Error::new(ErrorCode::StoreAddress, "`notify` is `on` or `off`").field("notify")),
                };
            }
            Some(("sslmode", text)) => mode = Mode::read(text)?,
            Some(("sslrootcert", file)) => roots = Some(decoded(file, is_url)?),
            _ => rest.push(word),
        }
    }
    let rest = rest.join(if is_url { "&" } else { " " });
    let address = if is_url && !rest.is_empty() { format!("{front}?{rest}") } else { [front, &rest].concat() };
    // What is wrong is told without the address: it has a password in it.
    let unreadable = |error| Error::new(ErrorCode::StoreAddress, "the address cannot be read").caused_by(error);
    let mut config: Config = address.parse().map_err(unreadable)?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(Error::new(ErrorCode::StoreAddress, "the address names no server").field("host"));
    }
    if options.schema.is_empty() || 63 < options.schema.len() || options.schema.contains('\0') {
        return Err(Error::new(ErrorCode::StoreAddress, "a schema has a name of 1 to 63 bytes").field("schema"));
    }
    config.ssl_mode(match mode {
        Mode::Disable => SslMode::Disable,
        Mode::Prefer => SslMode::Prefer,
        Mode::Require | Mode::VerifyCa | Mode::VerifyFull => SslMode::Require,
    });
    if config.get_application_name().is_none() {
        config.application_name("crm-core");
    }
    let tls = tls::connector(mode, roots.as_deref())?;
    let tells = options.tells && options.profile == PostgresProfile::Single;
    let teller = tells.then(|| Arc::new(Teller::new(&options.schema)));
    Ok(Place { config, options, tls, teller })
}

/// A file name, as a URL writes it with `%2F` and the like.
fn decoded(text: &str, is_url: bool) -> Result<String> {
    let unreadable = || Error::new(ErrorCode::StoreAddress, "the file name cannot be read").field("sslrootcert");
    let mut parts = text.split(if is_url { '%' } else { '\0' });
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (code, plain) = part.split_at_checked(2).ok_or_else(unreadable)?;
        bytes.push(u8::from_str_radix(code, 16).map_err(|_| unreadable())?);
        bytes.extend_from_slice(plain.as_bytes());
    }
    String::from_utf8(bytes).map_err(|_| unreadable())
}

/// Runs work that waits. On a thread of a host's runtime nothing may wait for a runtime of ours, so it goes to a thread of its own.
fn off_runtimes<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    if tokio::runtime::Handle::try_current().is_err() {
        return work();
    }
    let joined = std::thread::scope(|threads| threads.spawn(work).join());
    joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn closed() -> Error {
    Error::new(ErrorCode::StoreClosed, "the store is closed")
}
