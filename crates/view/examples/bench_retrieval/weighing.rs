//! The ranking's weights, by name.

use crate::corpus::Corpus;
use crate::{mean, of_corpus, ours};
use weir_view::search::{Embedded, Weights};

type Field = fn(&mut Weights) -> &mut f32;

const FIELDS: &[(&str, Field)] = &[
    ("k1", |w| &mut w.k1),
    ("b", |w| &mut w.b),
    ("defined", |w| &mut w.defined),
    ("whole", |w| &mut w.whole),
    ("joined", |w| &mut w.joined),
    ("near", |w| &mut w.near),
    ("file", |w| &mut w.file),
    ("name", |w| &mut w.name),
    ("folder", |w| &mut w.folder),
    ("definition", |w| &mut w.definition),
    ("parts", |w| &mut w.parts),
    ("test", |w| &mut w.test),
    ("example", |w| &mut w.example),
    ("legacy", |w| &mut w.legacy),
    ("declaration", |w| &mut w.declaration),
    ("vendored", |w| &mut w.vendored),
    ("generated", |w| &mut w.generated),
    ("prose", |w| &mut w.prose),
    ("data", |w| &mut w.data),
];

/// Sets what `name=number` says.
pub(crate) fn set(weights: &mut Weights, said: &str) -> Result<(), String> {
    let (name, number) =
        said.split_once('=').ok_or_else(|| format!("`{said}` is no `<weight>=<number>`"))?;
    let number = number.parse().map_err(|_| format!("`{number}` is no number"))?;
    let names = || FIELDS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let field = FIELDS.iter().find(|(of, _)| *of == name);
    let (_, field) =
        field.ok_or_else(|| format!("there is no weight `{name}`, but {}", names()))?;
    *field(weights) = number;
    Ok(())
}

/// What the mean becomes when one weight is left out, halved or doubled.
pub(crate) fn sweep(corpora: &[Corpus], weights: &Weights) {
    let value = |weights: &Weights| {
        mean(corpora.iter().map(|corpus| {
            of_corpus(corpus, &|question| ours(corpus, question, weights, Some(&Embedded)))
        }))
    };
    println!(
        "All as they are: {:.4}\n\n| weight | is | 0 | half | 0.8 | 1.25 | double |\n|---|---:|---:|---:|---:|---:|---:|",
        value(weights)
    );
    for (name, field) in FIELDS {
        let is = *field(&mut weights.clone());
        let cells: Vec<String> = [0.0, 0.5, 0.8, 1.25, 2.0]
            .iter()
            .map(|by| {
                let mut other = weights.clone();
                *field(&mut other) = is * by;
                format!("{:.4}", value(&other))
            })
            .collect();
        println!("| {name} | {is} | {} |", cells.join(" | "));
    }
}
