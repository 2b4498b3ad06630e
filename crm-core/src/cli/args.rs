//! What the command line accepts, and its help.

use crate::cli::clock::Moment;
use clap::{Args, Parser, Subcommand, ValueEnum};
use crm_core::store::Offset;
use crm_core::value::{BatchId, CouponId, LadderId};
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused: the engine said no, a document has findings, rows have issues, a story differs
  2  the command line is wrong
  3  the database or a file failed

A day such as 2026-03-31, where an instant is asked for, means its end in the zone of the program.
Colours are off where NO_COLOR is set; progress is shown on terminals only.";

/// Customers, points, tiers and lifecycle on one SQLite file, or on a PostgreSQL server.
#[derive(Debug, Parser)]
#[command(name = "crm", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) task: Task,
}

/// What every command understands.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The database: a file, or an address such as `postgres://user:password@host/database?schema=crm`
    #[arg(long, global = true, env = "CRM_DB", hide_env_values = true, value_name = "FILE|ADDRESS")]
    pub(crate) db: Option<PathBuf>,
    /// Writes JSON to stdout, and errors as JSON to stderr
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The instant to look or act at; default now. An import records everything then, instead of each fact at its own time
    #[arg(long, global = true, value_name = "INSTANT|DAY")]
    pub(crate) at: Option<Moment>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Shows what this is: imports sample exports of two shops, goes through a checkout, and writes a report
    Demo(Demo),
    /// Imports order exports of a shop; the same files again change nothing
    Import(Import),
    /// Takes an import back, or lists the imports
    Revert(Revert),
    /// Shows one customer: profile, tiers, stage, points, coupons and what happened last; or a list of customers
    Show(Show),
    /// Explains a number in words: an order, a tier, a balance
    Explain(Explain),
    /// Says what a cart costs, and why: each offer that applies, and why each other one does not
    Quote(Quote),
    /// Carries commands out: JSON requests, one per line
    Do(Do),
    /// Asks a question in JSON
    Ask(Ask),
    /// Writes what time alone has done: activations, expiries, reviews, transitions, birthdays
    Sweep(Sweep),
    /// Writes an HTML page with charts: members, points, liability, tiers, offers, cohorts
    Report(Report),
    /// Writes a CSV file of customers, entries, orders or lots
    Export(Export),
    /// Writes what happened to everybody, in the order of the commits, from any place on; can wait for what comes
    Feed(Feed),
    /// Copies the database to a new file while it is in use
    Backup(Backup),
    /// Copies all rows from one database to an empty one, file or server, and compares them
    Copy(Copy),
    /// Makes a new database of a backup, verified before and after
    Restore(Restore),
    /// Reads the whole database file and says what is in it
    Verify(Verify),
    /// Checks a program document and lists everything that is wrong with it
    CheckProgram(CheckProgram),
    /// Puts a program into force
    Publish(Publish),
    /// Plays history again under a changed program, in memory, and says what would be otherwise
    WhatIf(WhatIf),
    /// Plays the stories of a folder against the engine
    CheckVectors(CheckVectors),
    /// Writes the statements that make a database on a server, for whoever runs them by hand; needs no database
    Schema(Schema),
    /// Makes codes by the million, or says what a code is; needs no database
    Codes(Codes),
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// The folder to write to: the samples, the database and the report
    #[arg(long, default_value = "crm-demo")]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The exports, as the shop wrote them: in UTF-8 or GB18030, also packed with gzip. Order, item and refund sheets go together
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The form of the files
    #[arg(long)]
    pub(crate) format: ShopFormat,
    /// For `plain`, `refunds` and `events`: which column is what, in JSON; without it our own column names, as in docs/guides/importing.md
    #[arg(long, value_name = "MAP.json")]
    pub(crate) columns: Option<PathBuf>,
    /// The program to put into force first: a document, or a sample: supermarket, cafe, mall
    #[arg(long, value_name = "FILE|SAMPLE")]
    pub(crate) program: Option<String>,
    /// Says what the import would do, and changes nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// A name for this import, to take it back by; default one made of the content of the files
    #[arg(long, value_name = "ID")]
    pub(crate) batch: Option<BatchId>,
    /// Put in front of every order id, where several shops number alike
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) id_prefix: String,
    /// Writes the issues of rows to a CSV file
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) issues: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShopFormat {
    /// Any CSV with one row per order line
    Plain,
    /// The orders export of Shopify
    Shopify,
    /// Orders, items and refunds of Taobao or Tmall
    Taobao,
    /// Orders and lines of Youzan
    Youzan,
    /// Any CSV with one row per refund, or per line that came back
    Refunds,
    /// Any CSV with one row per event: reviews, visits, …
    Events,
}

#[derive(Debug, Args)]
pub(crate) struct Revert {
    /// Id of the import; without it, the list of imports
    pub(crate) batch: Option<BatchId>,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Id of a customer, or an identifier such as `phone:13800138000` or `tb_ouid:SHOP:AAE…`; without it, a list
    pub(crate) customer: Option<String>,
    /// At most so many entries, the last by date; or customers of the list
    #[arg(long, default_value_t = 10, value_name = "COUNT")]
    pub(crate) last: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    #[command(subcommand)]
    pub(crate) what: What,
}

#[derive(Debug, Subcommand)]
pub(crate) enum What {
    /// What an order earned, by which rule, and what became of it
    Order {
        /// Id of the order
        order: String,
    },
    /// Why a tier, since when, until when, and what is needed to keep it or to reach the next
    Tier {
        /// Id of a customer, or an identifier
        customer: String,
        /// The ladder; default all of them
        #[arg(long)]
        ladder: Option<LadderId>,
        /// With what was known then; default everything
        #[arg(long, value_name = "INSTANT|DAY")]
        known_at: Option<Moment>,
    },
    /// How a balance came about: every movement, and the lots that are open
    Points {
        /// Id of a customer, or an identifier
        customer: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Quote {
    /// A file with a cart in JSON, or `-` for stdin
    ///
    /// {"currency":"CNY","lines":[{"sku":"tea","category":"茶叶","quantity":2,"unit_price":"268.00"}],"codes":["SPRING15"]}
    pub(crate) cart: PathBuf,
    /// Whose cart it is: id of a customer, or an identifier; default somebody who is not known
    #[arg(long)]
    pub(crate) customer: Option<String>,
    /// Which of the customer's coupons may be used; default all that are open
    #[arg(long, value_name = "ID", value_delimiter = ',', requires = "customer")]
    pub(crate) coupons: Vec<CouponId>,
    /// Asks a program instead of a database: a document, or a sample: supermarket, cafe, mall
    #[arg(long, value_name = "FILE|SAMPLE", conflicts_with_all = ["customer", "coupons"])]
    pub(crate) program: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Do {
    /// A file with one JSON request per line, or `-` for stdin
    ///
    /// {"request_id":"r1","at":"2026-03-01T10:00:00Z","do":{"type":"register_customer","customer_id":"ann"}}
    ///
    /// `at` may be left out for `--at` or now. `request_id` may be left out to try things; real callers give one, so that
    /// a retry has no second effect.
    pub(crate) file: PathBuf,
    /// Shows what would happen, and changes nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Ask {
    /// The question, such as {"type":"wallet","customer_id":"ann"}, or `-` for stdin; `at` may be left out
    pub(crate) question: String,
}

#[derive(Debug, Args)]
pub(crate) struct Sweep {
    /// Up to this instant; default `--at` or now
    #[arg(long, value_name = "INSTANT|DAY")]
    pub(crate) until: Option<Moment>,
}

#[derive(Debug, Args)]
pub(crate) struct Feed {
    /// Begins behind this place, as a line before had it; default at the start
    #[arg(long, value_name = "OFFSET", default_value = "0.0", hide_default_value = true)]
    pub(crate) after: Offset,
    /// Ends after so many entries
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// Waits at the end for what comes, until it is interrupted
    #[arg(long)]
    pub(crate) follow: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The page to write; with `--json` none is written unless this names one
    #[arg(long, value_name = "FILE.html")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// What to write
    pub(crate) what: Kind,
    /// The file to write; default stdout
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// One row per customer: profile, tiers, stage, balances
    Customers,
    /// One row per entry of the journal and point currency
    Entries,
    /// One row per order
    Orders,
    /// One row per open lot of points
    Lots,
}

#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The file to write; must not exist
    pub(crate) target: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Copy {
    /// The database to read, which nobody should write meanwhile
    #[arg(value_name = "FILE|ADDRESS")]
    pub(crate) from: PathBuf,
    /// The database to fill; it is made where it is not there
    #[arg(value_name = "FILE|ADDRESS")]
    pub(crate) to: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The backup
    pub(crate) backup: PathBuf,
    /// The database to write; must not exist
    pub(crate) target: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The file; default the database
    pub(crate) file: Option<PathBuf>,
    /// Also reads everything in it, and adds up the books of every customer, gift card and group; of a server as well
    #[arg(long)]
    pub(crate) books: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckProgram {
    /// A program document, or the name of a sample: supermarket, cafe, mall
    pub(crate) program: String,
}

#[derive(Debug, Args)]
pub(crate) struct Publish {
    /// A program document, or the name of a sample: supermarket, cafe, mall
    pub(crate) program: String,
}

#[derive(Debug, Args)]
pub(crate) struct WhatIf {
    /// A program document, or the name of a sample: supermarket, cafe, mall
    pub(crate) program: String,
    /// The members of whom anything differs as well; with `--json` a line for each member, and the totals last
    #[arg(long)]
    pub(crate) members: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckVectors {
    /// A folder with stories in JSON, as described in tests/vectors/README.md
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// What kind of server it is
    #[arg(long, default_value = "postgres")]
    pub(crate) profile: ServerProfile,
    /// The name of the schema
    #[arg(long, value_name = "NAME", default_value = "crm")]
    pub(crate) name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ServerProfile {
    /// PostgreSQL on one machine
    Postgres,
    /// PostgreSQL with Citus, on many
    Citus,
}

#[derive(Debug, Args)]
pub(crate) struct Codes {
    #[command(subcommand)]
    pub(crate) task: CodesTask,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CodesTask {
    /// Makes the codes of a range of serial numbers, all of them distinct
    Make(MakeCodes),
    /// Says what a code is: its form, its check character, and with a key its serial number
    Check(CheckCode),
}

/// What the codes of a batch look like.
#[derive(Debug, Args)]
pub(crate) struct Shape {
    /// In front of every code: up to 12 Latin letters and digits
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) prefix: String,
    /// Characters behind the prefix, check character included: 6 to 20
    #[arg(long, value_name = "COUNT", conflicts_with_all = ["live", "signed"])]
    pub(crate) length: Option<usize>,
    /// Instead of a length: how many codes will be valid at once, of all batches together
    #[arg(long, value_name = "COUNT", conflicts_with = "signed")]
    pub(crate) live: Option<u64>,
    /// With `--live`: at most one guess in so many may hit
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000_000, requires = "live")]
    pub(crate) guess_rate: u64,
    /// Instead of a length: signed codes of this batch, which a till checks without a network
    #[arg(long, value_name = "BATCH")]
    pub(crate) signed: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct MakeCodes {
    /// The key: a file with 64 hexadecimal digits. Whoever has it knows every code
    #[arg(long, value_name = "FILE", required_unless_present = "new_key", conflicts_with = "new_key")]
    pub(crate) key_file: Option<PathBuf>,
    /// Makes a key first, and writes it to a file that must not exist
    #[arg(long, value_name = "FILE")]
    pub(crate) new_key: Option<PathBuf>,
    /// How many codes
    #[arg(long, value_name = "COUNT")]
    pub(crate) count: u64,
    /// The first serial number: to go on, or for the next batch of the same key, prefix and length
    #[arg(long, value_name = "SERIAL", default_value_t = 0)]
    pub(crate) from: u64,
    #[command(flatten)]
    pub(crate) shape: Shape,
    /// Writes CSV with serial numbers, instead of one code per line
    #[arg(long)]
    pub(crate) csv: bool,
    /// The file to write; default stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckCode {
    /// The code, however it is typed
    pub(crate) code: String,
    /// The key, to say which serial number it has
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// The first serial number of the batch
    #[arg(long, value_name = "SERIAL", default_value_t = 0)]
    pub(crate) from: u64,
    /// How many codes the batch has: without it every code of the form has a serial number, also one that was made up
    #[arg(long, value_name = "COUNT")]
    pub(crate) count: Option<u64>,
    #[command(flatten)]
    pub(crate) shape: Shape,
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
