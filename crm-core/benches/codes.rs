//! Making and recognising codes.
//!
//! `cargo bench -p crm-core --bench codes [-- SCENARIO]`. CPU time of one core is what counts; the median of five rounds.

#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "tests and benchmarks"
)]

use cpu_time::ProcessTime;
use crm_core::code::{Batch, Code, CodeForm, NormalCode, Secret, TillKey};
use std::hint::black_box;

const ROUNDS: usize = 5;
const MANY: u64 = 10_000_000;

fn main() {
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let form = CodeForm::with_prefix("SPRING", 12).unwrap();
    let batch = Batch::new(&Secret::new([7; 32]), form, 0..MANY).unwrap();
    let till = TillKey::new(&Secret::new([7; 32]), "", 42).unwrap();
    let some: Vec<Code> = batch.codes().step_by(101).take(50_000).map(|(_, code)| code).collect();
    let typed: Vec<String> = some.iter().map(|code| batch.form().show(code).to_lowercase()).collect();
    let signed: Vec<Code> = (0..50_000).map(|serial| till.sign(serial).unwrap()).collect();
    let scenarios: [(&str, u64, &dyn Fn() -> u64); 6] = [
        ("make", MANY, &|| {
            batch.codes().map(|(serial, code)| u64::from(black_box(code).as_str().len() < 9) + serial % 2).sum()
        }),
        ("show", MANY, &|| shown(&batch)),
        ("skip", 50_000, &|| (0..50_000).map(|n| batch.codes_from(n * 199).next().unwrap().0 % 2).sum()),
        ("recognise", 50_000, &|| some.iter().map(|code| batch.serial(code).unwrap() % 2).sum()),
        ("fold", 50_000, &|| typed.iter().map(|typed| NormalCode::of(typed).unwrap().as_str().len() as u64).sum()),
        ("verify", 50_000, &|| signed.iter().map(|code| till.verify(code).unwrap() % 2).sum()),
    ];
    for (name, count, run) in scenarios {
        if only.as_deref().is_none_or(|only| only == name) {
            let mut seconds: Vec<f64> = (0..ROUNDS)
                .map(|_| {
                    let start = ProcessTime::now();
                    black_box(run());
                    start.elapsed().as_secs_f64()
                })
                .collect();
            seconds.sort_by(f64::total_cmp);
            let median = seconds[ROUNDS / 2];
            println!("{name:<10} {count:>10} in {median:>7.3} s, {:>6.0} ns each", median * 1e9 / count as f64);
        }
    }
}

/// All codes as lines of text, as a file has them.
fn shown(batch: &Batch) -> u64 {
    let (mut lines, mut bytes) = (String::new(), 0);
    for (_, code) in batch.codes() {
        batch.form().write(&code, &mut lines);
        lines.push('\n');
        if 64_000 < lines.len() {
            bytes += black_box(&lines).len() as u64;
            lines.clear();
        }
    }
    bytes + lines.len() as u64
}
