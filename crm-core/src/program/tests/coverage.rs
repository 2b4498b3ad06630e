//! The schema, the types and the compiler agree: on a document that uses everything, and on each of its objects with one field more.

use super::samples::SAMPLES;
use super::schema::schema;
use crate::program::{Document, Program};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const EXEMPLAR: &str = include_str!("exemplar.json");

fn documents() -> Vec<Value> {
    let samples = SAMPLES.iter().map(|(_, text)| *text);
    let mut all: Vec<Value> = samples.chain([EXEMPLAR]).map(|text| serde_json::from_str(text).unwrap()).collect();
    // A document has one checkout, which has many words.
    let others = ["customer_best", "priority", "fewest_coupons", "soonest_expiry"].map(|word| {
        let mut other: Value = serde_json::from_str(EXEMPLAR).unwrap();
        other["checkout"] = json!({ "objective": word, "late_confirm": "refuse" });
        other
    });
    all.extend(others);
    all
}

#[test]
fn the_exemplar_is_accepted_by_all_three() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    for document in documents() {
        let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        serde_json::from_value::<Document>(document.clone()).unwrap();
        let program = Program::from_json(&document.to_string()).unwrap_or_else(|found| panic!("{found:#?}"));
        let written = serde_json::to_value(program.document()).unwrap();
        assert!(validator.is_valid(&written), "what is written out is valid again");
    }
}

#[test]
fn the_exemplar_uses_every_field_variant_and_word() {
    let schema = schema();
    let mut all = BTreeSet::new();
    whole("Document", &schema, &mut all);
    for (name, part) in schema["$defs"].as_object().unwrap() {
        whole(name, part, &mut all);
    }
    let mut used = BTreeSet::new();
    for document in documents() {
        visit(&schema, "Document", &schema, &document, &mut used);
    }
    // The preset is in the samples; every other word is in the exemplar, too.
    let unused: Vec<_> = all.difference(&used).collect();
    assert!(unused.is_empty(), "{unused:#?}");
}

fn whole(name: &str, part: &Value, out: &mut BTreeSet<String>) {
    for option in part["oneOf"].as_array().into_iter().flatten() {
        let label = match option.get("const") {
            Some(word) => format!("{name}.{}", word.as_str().unwrap()),
            None => format!("{name}.{}", option["properties"]["type"]["const"].as_str().unwrap()),
        };
        out.insert(label.clone());
        whole(&label, option, out);
    }
    out.extend(part["properties"].as_object().into_iter().flatten().map(|(field, _)| format!("{name}/{field}")));
}

fn visit(root: &Value, name: &str, part: &Value, value: &Value, out: &mut BTreeSet<String>) {
    if let Some(target) = part["$ref"].as_str() {
        let name = target.trim_start_matches("#/$defs/");
        return visit(root, name, &root["$defs"][name], value, out);
    }
    if let Some(options) = part["oneOf"].as_array() {
        let word = value.get("type").unwrap_or(value);
        let tag = |option: &&Value| option.get("const").unwrap_or(&option["properties"]["type"]["const"]) == word;
        let label = format!("{name}.{}", word.as_str().unwrap());
        out.insert(label.clone());
        return visit(root, &label, options.iter().find(tag).unwrap(), value, out);
    }
    match value {
        Value::Object(fields) => {
            for (field, inner) in fields {
                out.insert(format!("{name}/{field}"));
                visit(root, name, &part["properties"][field], inner, out);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| visit(root, name, &part["items"], item, out)),
        _ => {}
    }
}

#[test]
fn one_field_more_is_refused_in_every_object() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let document: Value = serde_json::from_str(EXEMPLAR).unwrap();
    let mut pointers = Vec::new();
    objects(&document, String::new(), &mut pointers);
    assert!(pointers.len() > 100, "{}", pointers.len());
    for pointer in pointers {
        let mut broken = document.clone();
        broken.pointer_mut(&pointer).unwrap()["surprise"] = json!(1);
        let found = Program::from_json(&broken.to_string()).unwrap_err();
        let errors: Vec<_> = found.iter().filter(|one| one.code == "program.unknown_field").collect();
        assert_eq!(errors.len(), 1, "{found:#?}");
        assert_eq!(errors[0].pointer, format!("{pointer}/surprise"));
        assert!(!validator.is_valid(&broken), "{pointer}");
    }
}

fn objects(value: &Value, pointer: String, out: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                objects(inner, format!("{pointer}/{name}"), out);
            }
            out.push(pointer);
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(place, item)| objects(item, format!("{pointer}/{place}"), out));
        }
        _ => {}
    }
}
