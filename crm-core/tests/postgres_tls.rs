//! TLS to a server whose certificates the test makes (with `openssl`): what each `sslmode` takes and refuses.
//!
//! To see it fail: let `tls::connector` give `Lenient { chain: None, .. }` for every mode.
#![cfg(all(unix, feature = "postgres-tls"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod on_postgres;

use crm_core::ErrorCode;
use crm_core::store::{PostgresOptions, PostgresStore};
use on_postgres::{InSchema, address, sql};
use std::path::Path;
use std::process::Command;

fn run(folder: &Path, program: &str, arguments: &[&str]) {
    let done = Command::new(program).args(arguments).current_dir(folder).output().expect(program);
    assert!(done.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Two authorities, and a server with a certificate of the first, for 127.0.0.1 only.
fn certificates(folder: &Path) {
    let openssl = |arguments: &str| run(folder, "openssl", &arguments.split(' ').collect::<Vec<_>>());
    for name in ["ca", "other"] {
        openssl(&format!(
            "req -x509 -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.crt -days 2 -subj /CN={name}"
        ));
    }
    openssl("req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=server");
    std::fs::write(folder.join("server.ext"), "subjectAltName = IP:127.0.0.1\nbasicConstraints = CA:FALSE\n").unwrap();
    openssl(
        "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext -out server.crt",
    );
    run(folder, "chmod", &["755", "."]);
    run(folder, "chmod", &["600", "server.key"]);
    // The server reads its key as the user that it runs as.
    if on_postgres::number("SELECT count(*) FROM pg_stat_activity") > 0 && run_as_root() {
        run(folder, "chown", &["postgres", "server.key", "server.crt"]);
    }
}

fn run_as_root() -> bool {
    String::from_utf8(Command::new("id").arg("-u").output().unwrap().stdout).unwrap().trim() == "0"
}

#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn each_mode_takes_and_refuses_what_it_says() {
    let beneath = InSchema::new();
    let folder = tempfile::Builder::new().prefix("crm-tls").tempdir_in("/tmp").unwrap();
    let open = |host: &str, words: &str| {
        let address = address().replace("127.0.0.1", host);
        let options = PostgresOptions { schema: beneath.schema.clone(), ..PostgresOptions::default() };
        let store = PostgresStore::open(&format!("{address}?{words}"), &options)?;
        store.run_sql(
            "DO $$ BEGIN IF NOT (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) THEN \
             RAISE EXCEPTION 'plain'; END IF; END $$",
        )
    };
    let said = |outcome: crm_core::Result<()>| outcome.map_err(|error| (error.code(), error.message().to_owned()));
    let plain = said(open("127.0.0.1", "sslmode=prefer")).unwrap_err();
    assert!(plain.1.contains("plain"), "{plain:?}");
    let (code, told) = said(open("127.0.0.1", "sslmode=require")).unwrap_err();
    assert!(code == ErrorCode::StoreFailed && told.contains("does not support TLS"), "{code:?} {told}");

    certificates(folder.path());
    let at = folder.path().display();
    for (name, value) in [("ssl_cert_file", "server.crt"), ("ssl_key_file", "server.key")] {
        sql(&format!("ALTER SYSTEM SET {name} = '{at}/{value}'")).unwrap();
    }
    sql("ALTER SYSTEM SET ssl = on").unwrap();
    sql("SELECT pg_reload_conf()").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));

    let (ca, other) = (format!("sslrootcert={at}/ca.crt"), format!("sslrootcert={}%2Fother.crt", at));
    let works = [
        ("localhost", "sslmode=prefer".to_owned()),
        ("localhost", "sslmode=require".to_owned()),
        ("localhost", format!("sslmode=require&{ca}")),
        ("localhost", format!("sslmode=verify-ca&{ca}")),
        ("127.0.0.1", format!("sslmode=verify-full&{ca}")),
    ];
    for (host, words) in &works {
        assert_eq!(said(open(host, words)), Ok(()), "{host} {words}");
    }
    let refused = [
        ("127.0.0.1", "sslmode=disable".to_owned(), "plain"),
        ("localhost", format!("sslmode=verify-full&{ca}"), "not valid for name"),
        ("127.0.0.1", format!("sslmode=verify-full&{other}"), "UnknownIssuer"),
        ("127.0.0.1", format!("sslmode=verify-ca&{other}"), "UnknownIssuer"),
        ("127.0.0.1", format!("sslmode=require&{other}"), "UnknownIssuer"),
        ("127.0.0.1", "sslmode=verify-full&sslrootcert=system".to_owned(), "UnknownIssuer"),
        ("127.0.0.1", "sslmode=verify-full".to_owned(), "sslrootcert"),
        ("127.0.0.1", format!("sslmode=verify-full&sslrootcert={at}/none.crt"), "cannot be used"),
        ("127.0.0.1", "sslmode=verify-ca&sslrootcert=system".to_owned(), "verify-full"),
        ("127.0.0.1", "sslmode=always".to_owned(), "`sslmode` is"),
    ];
    for (host, words, why) in &refused {
        let (code, told) = said(open(host, words)).expect_err(words);
        assert!(told.contains(why), "{words}: {code:?} {told}");
    }
    for name in ["ssl", "ssl_cert_file", "ssl_key_file"] {
        sql(&format!("ALTER SYSTEM RESET {name}")).unwrap();
    }
    sql("SELECT pg_reload_conf()").unwrap();
}
