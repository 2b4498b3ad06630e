//! `crm codes`: makes codes, and says what a code is. The library has no randomness; the key is made here.

use crate::cli::args::{CheckCode, CodesTask, MakeCodes, Shape};
use crate::cli::output::{NewFile, Out};
use crate::cli::problem::{Finished, Problem};
use crate::cli::words;
use crm_core::code::{Batch, Code, CodeForm, NormalCode, Secret, TillKey, length_for};
use crm_core::{Error, limits};
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

/// Text that is collected before it is written, in bytes.
const CHUNK: usize = 64 * 1024;

pub(crate) fn codes(task: &CodesTask, out: &mut Out) -> Finished {
    match task {
        CodesTask::Make(task) => make(task, out),
        CodesTask::Check(task) => check(task, out),
    }
}

/// Where codes come from.
enum Maker {
    Batch(Box<Batch>),
    Till(TillKey),
}

impl Maker {
    fn new(secret: &Secret, shape: &Shape, from: u64, until: u64) -> Result<Self, Problem> {
        if let Some(batch) = shape.signed {
            return Ok(Self::Till(TillKey::new(secret, &shape.prefix, batch)?));
        }
        Ok(Self::Batch(Box::new(Batch::new(secret, form(shape)?, from..until)?)))
    }

    fn form(&self) -> &CodeForm {
        match self {
            Self::Batch(batch) => batch.form(),
            Self::Till(till) => till.form(),
        }
    }

    /// Hands over the codes of a range, until one cannot be taken.
    fn each(&self, from: u64, until: u64, take: &mut dyn FnMut(u64, Code) -> Finished) -> Finished {
        match self {
            Self::Batch(batch) => batch.codes().try_for_each(|(serial, code)| take(serial, code)),
            Self::Till(till) => (from..until).try_for_each(|serial| take(serial, till.sign(serial)?)),
        }
    }
}

fn form(shape: &Shape) -> Result<CodeForm, Problem> {
    let length = match (shape.length, shape.live) {
        (Some(length), _) => length,
        (None, Some(live)) => length_for(live, shape.guess_rate)?,
        (None, None) => {
            return Err(Problem::Usage("give `--length`, or `--live` to have it worked out, or `--signed`".to_owned()));
        }
    };
    Ok(if shape.prefix.is_empty() { CodeForm::new(length)? } else { CodeForm::with_prefix(&shape.prefix, length)? })
}

fn end(from: u64, count: u64) -> Result<u64, Problem> {
    from.checked_add(count).ok_or_else(|| Problem::Usage("`--from` and `--count` are too large together".to_owned()))
}

fn make(task: &MakeCodes, out: &mut Out) -> Finished {
    let until = end(task.from, task.count)?;
    let secret = match (&task.key_file, &task.new_key) {
        (_, Some(path)) => {
            // What cannot be made for another reason must not leave a key behind.
            Maker::new(&Secret::new([0; 32]), &task.shape, task.from, until)?;
            new_key(path)?
        }
        (Some(path), None) => read_key(path)?,
        (None, None) => return Err(Problem::Usage("give `--key-file` or `--new-key`".to_owned())),
    };
    let maker = Maker::new(&secret, &task.shape, task.from, until)?;
    match &task.out {
        Some(path) => {
            let mut file = NewFile::create(path)?;
            let bar = out.bar(task.count, "codes");
            let mut advance = |done| bar.set_position(done);
            let mut put = |text: &[u8]| file.write_all(text).map_err(|error| Problem::file("write", path, error));
            let written = lines(&maker, task, until, &mut put, &mut advance);
            bar.finish_and_clear();
            written?;
            file.finish()?;
            told(path, &maker, task, until, out)
        }
        None if out.is_json() => {
            let form = maker.form();
            maker.each(task.from, until, &mut |serial, code| {
                out.json_line(&json!({ "serial": serial, "code": form.show(&code) }))
            })
        }
        None => {
            let mut put = |text: &[u8]| Ok(out.raw().write_all(text)?);
            lines(&maker, task, until, &mut put, &mut |_| {})
        }
    }
}

fn lines(
    maker: &Maker,
    task: &MakeCodes,
    until: u64,
    put: &mut dyn FnMut(&[u8]) -> Finished,
    advance: &mut dyn FnMut(u64),
) -> Finished {
    let mut text = String::with_capacity(2 * CHUNK);
    if task.csv {
        text.push_str("serial,code\r\n");
    }
    maker.each(task.from, until, &mut |serial, code| {
        if task.csv {
            text.push_str(&serial.to_string());
            text.push(',');
        }
        maker.form().write(&code, &mut text);
        text.push_str(if task.csv { "\r\n" } else { "\n" });
        if CHUNK < text.len() {
            put(text.as_bytes())?;
            text.clear();
            advance(serial - task.from);
        }
        Ok(())
    })?;
    put(text.as_bytes())
}

fn told(path: &Path, maker: &Maker, task: &MakeCodes, until: u64, out: &mut Out) -> Finished {
    let form = maker.form();
    if out.is_json() {
        return out.json(&json!({
            "path": path.display().to_string(), "count": task.count, "from": task.from, "until": until,
            "prefix": form.prefix(), "length": form.length(),
        }));
    }
    out.line(format!("{} written to {}", words::some(task.count, "codes"), path.display()))?;
    let first = words::number(task.from);
    out.line(format!(
        "{} characters each; serial numbers from {first} to before {}, where the next batch of this key can begin",
        form.length(),
        words::number(until)
    ))
}

fn check(task: &CheckCode, out: &mut Out) -> Finished {
    let normal = NormalCode::of(&task.code)?;
    let code = Code::parse(&task.code);
    let mut serial = None;
    if let (Ok(code), Some(path)) = (&code, &task.key_file) {
        serial = Some(serial_of(&read_key(path)?, task, code)?);
    }
    let fine = code.is_ok() && serial.as_ref().is_none_or(|serial| serial.is_ok());
    if out.is_json() {
        let why = code.as_ref().err().or_else(|| serial.as_ref()?.as_ref().err()).map(Error::to_json);
        let mut found = json!({ "valid": fine, "normal": normal, "generated": code.is_ok(), "why": why });
        if let (Some(serial), Some(fields)) = (&serial, found.as_object_mut()) {
            fields.insert("serial".to_owned(), serial.as_ref().map_or(Value::Null, |serial| json!(serial)));
        }
        out.json(&found)?;
    } else {
        out.line(format!("normal form: {normal}"))?;
        match &code {
            Ok(code) => out.line(format!("a generated code: {code}; the check character is right"))?,
            Err(why) => {
                out.line(format!("not a generated code: {}; it may be one that was worded by hand", why.message()))?
            }
        }
        match &serial {
            Some(Ok(serial)) if task.count.is_some() || task.shape.signed.is_some() => {
                out.line(format!("serial number {} of the batch", words::number(*serial)))?;
            }
            Some(Ok(serial)) => {
                out.line(format!(
                    "serial number {}; with `--count` it is compared with the batch",
                    words::number(*serial)
                ))?;
            }
            Some(Err(why)) => out.line(format!("not of this batch and key: {}", why.message()))?,
            None => {}
        }
    }
    if fine { Ok(()) } else { Err(Problem::Told) }
}

/// The serial number of a code under a key, or why it has none.
fn serial_of(secret: &Secret, task: &CheckCode, code: &Code) -> Result<Result<u64, Error>, Problem> {
    let from = task.from;
    if let Some(batch) = task.shape.signed {
        return Ok(TillKey::new(secret, &task.shape.prefix, batch)?.verify(code));
    }
    let form = form(&task.shape)?;
    let until = match task.count {
        Some(count) => end(from, count)?,
        None => u64::try_from(form.space()).unwrap_or(u64::MAX).min(limits::CODE_SERIALS_MAX),
    };
    let found = Batch::new(secret, form, from..until)?.serial(code);
    Ok(found.ok_or_else(|| Error::new(crm_core::ErrorCode::CodeForged, "the code is not of the batch")))
}

fn read_key(path: &Path) -> Result<Secret, Problem> {
    let text = std::fs::read_to_string(path).map_err(|error| Problem::file("read", path, error))?;
    Ok(Secret::from_hex(&text)?)
}

/// Writes 32 bytes of the system's randomness to a new file that nobody else may read.
fn new_key(path: &Path) -> Result<Secret, Problem> {
    let mut bytes = [0; 32];
    let failed = |error: std::io::Error| Problem::file("write", path, error);
    getrandom::fill(&mut bytes).map_err(|error| failed(std::io::Error::other(error.to_string())))?;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(format!("{hex}\n").as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    Ok(Secret::new(bytes))
}
