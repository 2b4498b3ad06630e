//! One connection: whoever uses it waits for its socket as well, so that an answer wakes nobody else up.

use super::listen::Teller;
use super::tls::Tls;
use super::{PostgresOptions, PostgresProfile, fault};
use crate::error::{Error, ErrorCode, Result};
use crate::store::place::Durability;
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio_postgres::{AsyncMessage, Client, Config, NoTls, Statement};

/// What reads from and writes to the socket of a connection, until it ends.
type Driver = Pin<Box<dyn Future<Output = std::result::Result<(), tokio_postgres::Error>> + Send>>;

/// Where the rows are.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) config: Config,
    pub(super) options: PostgresOptions,
    /// None where it is not wanted, or not built in.
    pub(super) tls: Option<Tls>,
    /// None where nobody is to be told of commits.
    pub(super) teller: Option<Arc<Teller>>,
}

/// A connection for callers that wait.
pub(super) struct Connection {
    /// Gone only while the connection is dropped.
    runtime: Option<Runtime>,
    pub(super) link: Link,
}

/// A connection with its prepared statements, on the runtime of whoever opened it.
pub(super) struct Link {
    session: Session,
    /// Dropped at its end, because those who still wait are told by that.
    driver: Option<Driver>,
    bell: Arc<Bell>,
    /// Nobody answers at the other end any more, or nobody waited for its answer.
    lost: bool,
    answer_wait: Duration,
    /// Whether the server has told of a commit since this was looked at.
    told: Arc<AtomicBool>,
    pub(super) idle_since: Instant,
}

/// What statements are sent over.
pub(super) struct Session {
    pub(super) client: Client,
    /// By the address of their text: the texts are made once and stay where they are.
    statements: BTreeMap<usize, Statement>,
    /// Whether a commit in one bucket goes to where that is.
    pub(super) delegates: bool,
    pub(super) teller: Option<Arc<Teller>>,
}

impl Place {
    /// Opens a connection and sets it up; makes no tables.
    pub(super) fn open(&self) -> Result<Connection> {
        let failed = |error| Error::new(ErrorCode::StoreFailed, "could not make a runtime").caused_by(error);
        let runtime = Builder::new_current_thread().enable_io().enable_time().build().map_err(failed)?;
        let link = runtime.block_on(self.link())?;
        Ok(Connection { runtime: Some(runtime), link })
    }

    /// The same on the runtime of the caller.
    pub(super) async fn link(&self) -> Result<Link> {
        let wait = Duration::from_millis(self.options.answer_wait_ms.into());
        let told = Arc::new(AtomicBool::new(false));
        let Ok(connected) = tokio::time::timeout(wait, self.connect(&told)).await else {
            return Err(fault::unreachable("connect"));
        };
        let (client, driver) = connected?;
        let delegates = self.options.profile == PostgresProfile::Citus;
        let session = Session { client, statements: BTreeMap::new(), delegates, teller: self.teller.clone() };
        let mut link = Link {
            session,
            driver: Some(driver),
            bell: Arc::default(),
            lost: false,
            answer_wait: wait,
            told,
            idle_since: Instant::now(),
        };
        let set_up = self.set_up();
        link.run("set up the connection", async |session: &mut Session| {
            session.client.batch_execute(&set_up).await.map_err(fault::doing("set up the connection"))
        })
        .await?;
        Ok(link)
    }

    async fn connect(&self, told: &Arc<AtomicBool>) -> Result<(Client, Driver)> {
        let failed = fault::doing("connect");
        match &self.tls {
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await.map_err(failed)?;
                Ok((client, driver(connection, Arc::clone(told))))
            }
            None => {
                let (client, connection) = self.config.connect(NoTls).await.map_err(failed)?;
                Ok((client, driver(connection, Arc::clone(told))))
            }
        }
    }

    /// Plans depend on the statements alone: each is meant for one index, whatever the planner thinks of the sizes.
    fn set_up(&self) -> String {
        let PostgresOptions { statement_wait_ms, profile, read_only, durability, .. } = self.options;
        // Citus finds the machine of a bucket while it plans, so it has to know the bucket by then.
        let plans = if profile == PostgresProfile::Citus { "auto" } else { "force_generic_plan" };
        let reads = if read_only { " SET default_transaction_read_only = on;" } else { "" };
        let soon = if durability == Durability::Normal { " SET synchronous_commit = off;" } else { "" };
        format!(
            "SET search_path = {};{reads}{soon} SET default_transaction_isolation = 'read committed'; SET client_min_messages = warning; \
             SET statement_timeout = {statement_wait_ms}; SET idle_in_transaction_session_timeout = {statement_wait_ms}; \
             SET plan_cache_mode = {plans}; SET enable_seqscan = off; SET enable_bitmapscan = off; \
             SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off",
            quoted(&self.options.schema)
        )
    }
}

/// Reads and writes until the end, and notes what the server tells unasked.
fn driver<S, T>(mut connection: tokio_postgres::Connection<S, T>, told: Arc<AtomicBool>) -> Driver
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    Box::pin(poll_fn(move |cx| {
        while let Some(message) = ready!(connection.poll_message(cx)?) {
            if let AsyncMessage::Notification(_) = message {
                told.store(true, Ordering::Relaxed);
                // Whoever waits for it has been looked at before this.
                cx.waker().wake_by_ref();
            }
        }
        Poll::Ready(Ok(()))
    }))
}

/// A name as SQL writes it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Connection {
    /// Runs work on the connection, until its answer or until nobody answers.
    pub(super) fn run<T>(
        &mut self,
        doing: &'static str,
        work: impl AsyncFnOnce(&mut Session) -> Result<T>,
    ) -> Result<T> {
        match &self.runtime {
            Some(runtime) => runtime.block_on(self.link.run(doing, work)),
            None => Err(fault::unreachable(doing)),
        }
    }

    /// The same for work that takes as long as it takes and looks after its time itself.
    pub(super) fn run_link<T>(
        &mut self,
        doing: &'static str,
        work: impl AsyncFnOnce(&mut Link) -> Result<T>,
    ) -> Result<T> {
        match &self.runtime {
            Some(runtime) => runtime.block_on(work(&mut self.link)),
            None => Err(fault::unreachable(doing)),
        }
    }

    /// Whether it can be used.
    pub(super) fn is_alive(&mut self) -> bool {
        self.runtime.as_ref().is_some_and(|runtime| runtime.block_on(self.link.is_alive()))
    }
}

impl Link {
    /// Runs work on the connection, until its answer or until nobody answers. Where the work is dropped before that, the connection is lost:
    /// the next answer would be of somebody else's question.
    pub(super) async fn run<T>(
        &mut self,
        doing: &'static str,
        work: impl AsyncFnOnce(&mut Session) -> Result<T>,
    ) -> Result<T> {
        if std::mem::replace(&mut self.lost, true) {
            return Err(fault::unreachable(doing));
        }
        let Self { session, driver, bell, answer_wait, .. } = self;
        let mut ended = false;
        let outcome = {
            let mut work = pin!(work(session));
            let mut both = |cx: &mut Context<'_>| {
                if let Poll::Ready(outcome) = work.as_mut().poll(cx) {
                    return Poll::Ready(outcome);
                }
                if driver.as_mut().is_some_and(|driver| driver.as_mut().poll(cx).is_ready()) {
                    ended = true;
                    *driver = None;
                    // What came before the end is told now; the rest is told that the connection is closed.
                    cx.waker().wake_by_ref();
                }
                Poll::Pending
            };
            tokio::time::timeout(*answer_wait, poll_fn(|cx| bell.heard(cx, &mut both))).await
        };
        let Ok(outcome) = outcome else { return Err(fault::unreachable(doing)) };
        self.lost = ended || outcome.as_ref().is_err_and(|error| error.code() == ErrorCode::StoreUnreachable);
        outcome
    }

    /// Waits until the server tells of a commit, and says whether it did.
    pub(super) async fn hear(&mut self, most: Duration, ending: &Semaphore) -> Result<bool> {
        let told = Arc::clone(&self.told);
        let most = most.min(self.answer_wait / 2);
        let wait = async |session: &mut Session| {
            let mut ended = pin!(ending.acquire());
            let heard = poll_fn(|cx| {
                if told.swap(false, Ordering::Relaxed) {
                    return Poll::Ready(Ok(true));
                }
                if session.client.is_closed() {
                    return Poll::Ready(Err(fault::unreachable("wait for entries")));
                }
                ended.as_mut().poll(cx).map(|_| Err(super::closed()))
            });
            tokio::time::timeout(most, heard).await.unwrap_or(Ok(false))
        };
        self.run("wait for entries", wait).await
    }

    /// Gives it up: it is in a state that the next call does not expect.
    pub(super) fn give_up(&mut self) {
        self.lost = true;
    }

    /// Whether it can be used. One that lay idle for a while is looked at: the server may have closed it.
    pub(super) async fn is_alive(&mut self) -> bool {
        if Duration::from_millis(100) < self.idle_since.elapsed() {
            let look = async |_: &mut Session| {
                tokio::task::yield_now().await;
                tokio::task::yield_now().await;
                Ok(())
            };
            self.run("look at the connection", look).await.ok();
        }
        !self.lost && !self.session.client.is_closed()
    }
}

/// Told by each of the two sides of a connection that the other has something to do. While somebody looks at both anyway, they look once
/// more instead of waking their task, which would ask the system in between whether the socket is ready.
#[derive(Default)]
struct Bell {
    rung: AtomicBool,
    looking: AtomicBool,
    task: Mutex<Option<Waker>>,
}

/// How often to look again before other tasks have their turn.
const LOOKS: u32 = 8;

impl Bell {
    fn heard<T>(self: &Arc<Self>, task: &Context<'_>, look: &mut impl FnMut(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
        let mut stored = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if !stored.as_ref().is_some_and(|stored| stored.will_wake(task.waker())) {
            *stored = Some(task.waker().clone());
        }
        drop(stored);
        let waker = Waker::from(self.clone());
        let mut own = Context::from_waker(&waker);
        for _ in 0..LOOKS {
            self.looking.store(true, SeqCst);
            self.rung.store(false, SeqCst);
            let found = look(&mut own);
            self.looking.store(false, SeqCst);
            // Whoever rings after this finds nobody looking, and wakes the task.
            if found.is_ready() || !self.rung.load(SeqCst) {
                return found;
            }
        }
        task.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, SeqCst);
        if !self.looking.load(SeqCst) {
            let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).clone();
            task.iter().for_each(Waker::wake_by_ref);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Dropping it otherwise waits, which a thread of a host's runtime must not.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Session {
    /// A statement, prepared when it is used for the first time. An early end of the work leaves nothing half prepared.
    pub(super) async fn prepared(&mut self, sql: &'static str) -> Result<Statement> {
        let address = sql.as_ptr().addr();
        if let Some(statement) = self.statements.get(&address) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await.map_err(fault::doing("prepare a statement"))?;
        self.statements.insert(address, statement.clone());
        Ok(statement)
    }
}

/// Sends everything at once and collects the answers in their order.
pub(super) async fn pipelined<F: Future>(work: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut under_way: Vec<_> = work.into_iter().map(|one| (Box::pin(one), None)).collect();
    poll_fn(|cx| {
        // The first look at each sends its messages.
        for (one, answer) in &mut under_way {
            if let Poll::Ready(early) = one.as_mut().poll(cx) {
                *answer = Some(early);
            }
        }
        Poll::Ready(())
    })
    .await;
    let mut answers = Vec::with_capacity(under_way.len());
    for (one, answer) in under_way {
        answers.push(match answer {
            Some(early) => early,
            None => one.await,
        });
    }
    answers
}
