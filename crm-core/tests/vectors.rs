//! Plays the corpus of `tests/vectors`, and shows that a wrong story fails.

#![cfg(feature = "conformance")]

use crm_core::corpus::{self, Sweeps};
use crm_core::{Engine, store::MemoryStore};
use std::path::Path;

#[test]
fn every_story_goes_as_it_is_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    let (mut played, mut failures) = (0, Vec::new());
    corpus::run(&folder, &mut |one| {
        played += 1;
        if let Some(failure) = &one.failure {
            failures.push(format!("{} ({}): {failure}", one.path.strip_prefix(&folder).unwrap().display(), one.way));
        }
    })
    .unwrap();
    println!("{played} plays");
    assert!(0 < played, "there are no stories");
    assert!(failures.is_empty(), "{} of {played} plays differ:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn a_story_with_a_wrong_number_fails() {
    let story = |points: u32| {
        serde_json::from_value(serde_json::json!({
            "name": "a gift", "why": "to see the player fail",
            "program": { "version": 1, "program": "p", "revision": 1, "zone": "UTC", "currencies": ["EUR"], "points": [{ "id": "points" }] },
            "steps": [
                { "at": "2026-01-01T00:00:00Z", "do": { "type": "register_customer", "customer_id": "ann" } },
                { "at": "2026-01-01T00:00:00Z", "do": { "type": "earn_points", "customer_id": "ann", "currency": "points", "points": 7 },
                  "expect": { "balances": { "points": { "available": points } } } }
            ]
        }))
        .unwrap()
    };
    let play = |points| {
        let engine = Engine::open(MemoryStore::new()).unwrap();
        corpus::play(&story(points), &engine, Sweeps::AsTold, &|_| None)
    };
    assert_eq!(play(7), Ok(()));
    assert!(play(8).unwrap_err().contains("step 2: expect.balances.points.available: expected 8, got 7"));
}
