//! Bundles: the policies that hold, parsed and validated once.

use super::default::{DEFAULT, SCHEMA};
use super::rule::{Layer, Rule};
use super::slice::{Pair, Slices};
use super::source::{Fault, File, Statement};
use cedar_policy::{Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use weir_model::Digest;

/// The policies that hold. Clones share what it holds.
#[derive(Debug, Clone)]
pub struct Bundle(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    sources: Vec<Source>,
    digest: Digest,
    rules: BTreeMap<String, Rule>,
    slices: Slices,
    all: Pair,
    warnings: Vec<Fault>,
}

/// A file of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) layer: Layer,
    pub(super) name: String,
    pub(super) text: String,
}

/// A space has tens; a thousand is an organization's. More are a mistake or an attack.
const POLICIES_MAX: usize = 10_000;

/// What the deepest policy of the greatest length needs in a debug build, and more. What is not touched is not taken.
pub(super) const STACK_BYTES: usize = 64 << 20;

/// More faults help nobody.
const FAULTS_MAX: usize = 100;

impl Bundle {
    /// The policies of a repository's folder and of the organization's floor: names of files and their texts.
    ///
    /// The default set holds where the folder has no file of the same name: an empty folder means the default
    /// set. The floor is judged apart, and can only make an answer stricter.
    ///
    /// # Errors
    /// Every fault, with file, line and column. Nothing of it counts then; whoever holds an older bundle goes
    /// on with that.
    pub fn parse(
        files: &[(String, String)],
        floor: &[(String, String)],
    ) -> Result<Self, Vec<Fault>> {
        let source = |layer, name: &str, text: &str| Source {
            layer,
            name: name.to_owned(),
            text: text.to_owned(),
        };
        let shipped = DEFAULT.iter().filter(|(name, _)| !files.iter().any(|(own, _)| own == name));
        let mut sources: Vec<Source> =
            shipped.map(|(name, text)| source(Layer::Default, name, text)).collect();
        sources.extend(files.iter().map(|(name, text)| source(Layer::Repository, name, text)));
        sources.extend(floor.iter().map(|(name, text)| source(Layer::Floor, name, text)));
        Self::of(sources, Trust::Validate)
    }

    /// The default set alone.
    pub fn shipped() -> Self {
        match Self::parse(&[], &[]) {
            Ok(bundle) => bundle,
            Err(faults) => unreachable!("the default set is tested: {faults:?}"),
        }
    }

    pub(super) fn of(mut sources: Vec<Source>, trust: Trust) -> Result<Self, Vec<Fault>> {
        // The order in which somebody read a folder is no part of what it says.
        sources.sort_by(|a, b| (a.layer, &a.name).cmp(&(b.layer, &b.name)));
        // The parser and the validator recurse as deep as a policy is nested, and a caller's thread may be small.
        let mut building = stacker::grow(STACK_BYTES, || {
            let mut building = Building::default();
            for source in &sources {
                building.read(source);
            }
            if building.faults.is_empty() && trust == Trust::Validate {
                building.validate(&sources);
            }
            building
        });
        building.faults.sort();
        building.faults.truncate(FAULTS_MAX);
        building.warnings.sort();
        let Building { rules, slices, all, faults, warnings, .. } = building;
        if !faults.is_empty() {
            return Err(faults);
        }
        let digest = digest(&sources);
        Ok(Self(Arc::new(Inner { sources, digest, rules, slices, all, warnings })))
    }

    /// A digest of the schema and every text: two bundles with the same digest rule alike.
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// Its policies, by name.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.0.rules.values()
    }

    /// The policy of that name.
    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.0.rules.get(name)
    }

    /// What is valid and yet looks wrong, such as a condition that can never hold.
    pub fn warnings(&self) -> &[Fault] {
        &self.0.warnings
    }

    pub(super) fn slices(&self) -> &Slices {
        &self.0.slices
    }

    /// All permits, and all forbids.
    pub(super) fn all(&self) -> [&PolicySet; 2] {
        [&self.0.all.permits, &self.0.all.forbids]
    }

    /// A policy with its conditions.
    pub(super) fn policy(&self, rule: &Rule) -> Option<&Policy> {
        let id = PolicyId::new(&rule.name);
        self.all().into_iter().find_map(|set| set.policy(&id))
    }

    pub(super) fn sources(&self) -> &[Source] {
        &self.0.sources
    }
}

/// Whether policies are held against the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// They are.
    Validate,
    /// They were, by whoever signed them: a hook program has no time for it.
    Signed,
}

static PARSED_SCHEMA: LazyLock<Result<Schema, String>> = LazyLock::new(|| {
    Schema::from_cedarschema_str(SCHEMA)
        .map(|(schema, _)| schema)
        .map_err(|error| error.to_string())
});

/// The shipped schema.
pub(super) fn schema() -> &'static Schema {
    match &*PARSED_SCHEMA {
        Ok(schema) => schema,
        Err(error) => unreachable!("the schema is tested: {error}"),
    }
}

#[derive(Default)]
struct Building {
    rules: BTreeMap<String, Rule>,
    /// Where each policy begins: its source and the byte.
    places: BTreeMap<String, (usize, usize)>,
    read: usize,
    slices: Slices,
    policies: PolicySet,
    all: Pair,
    faults: Vec<Fault>,
    warnings: Vec<Fault>,
}

impl Building {
    fn read(&mut self, source: &Source) {
        let file = File { name: &source.name, text: &source.text };
        match file.statements() {
            Ok(statements) => {
                for statement in statements {
                    if let Err(faults) = self.take(source, file, statement) {
                        self.faults.extend(faults);
                    }
                }
            }
            Err(fault) => self.faults.push(fault),
        }
        self.read += 1;
    }

    fn take(
        &mut self,
        source: &Source,
        file: File<'_>,
        statement: Statement<'_>,
    ) -> Result<(), Vec<Fault>> {
        let here = |sentence: String| vec![file.fault(statement.start, sentence)];
        if self.rules.len() >= POLICIES_MAX {
            return Err(here(format!("more than {POLICIES_MAX} policies")));
        }
        let policy = Policy::parse(None, statement.text).map_err(|errors| {
            let fault = |error| file.fault(statement.start + offset(error), words(error));
            errors.iter().map(fault).collect::<Vec<_>>()
        })?;
        let rule =
            Rule::read(&policy, source.layer, file, statement).map_err(|fault| vec![fault])?;
        let policy = policy.new_id(PolicyId::new(&rule.name));
        if let Some(twin) = self.rules.get(&rule.name) {
            let (name, place) = (&rule.name, format!("{}:{}", twin.file, twin.line));
            return Err(here(format!("`{name}` is the name of the policy at {place}, too")));
        }
        let add =
            |set: &mut PolicySet| set.add(policy.clone()).map_err(|error| here(error.to_string()));
        add(&mut self.policies)?;
        add(self.all.of(policy.effect()))?;
        self.slices.add(&policy).map_err(here)?;
        self.places.insert(rule.name.clone(), (self.read, statement.start));
        self.rules.insert(rule.name.clone(), rule);
        Ok(())
    }

    fn validate(&mut self, sources: &[Source]) {
        let result =
            Validator::new(schema().clone()).validate(&self.policies, ValidationMode::Strict);
        let fault = |id: &PolicyId, error: &dyn miette::Diagnostic| {
            let name: &str = id.as_ref();
            let (source, start) = self.places.get(name).copied()?;
            let source = sources.get(source)?;
            let file = File { name: &source.name, text: &source.text };
            Some(file.fault(start + offset(error), words(error)))
        };
        let errors: Vec<_> = result
            .validation_errors()
            .filter_map(|error| fault(error.policy_id(), error))
            .collect();
        let warnings: Vec<_> = result
            .validation_warnings()
            .filter_map(|warning| fault(warning.policy_id(), warning))
            .collect();
        let silent = errors.is_empty() && !result.validation_passed();
        self.faults.extend(errors);
        self.warnings.extend(warnings);
        if silent {
            let file = File { name: "policies", text: "" };
            self.faults.push(file.fault(0, "the policies do not fit the schema"));
        }
    }
}

/// Where a parser or the validator points, in bytes of the policy.
fn offset(error: &(impl miette::Diagnostic + ?Sized)) -> usize {
    let labels = error.labels();
    labels.and_then(|mut labels| labels.next()).map_or(0, |label| label.offset())
}

/// What it says, in one line, with its help.
fn words(error: &(impl miette::Diagnostic + ?Sized)) -> String {
    let label = error.labels().and_then(|mut labels| labels.next());
    let label = label.and_then(|label| label.label().map(str::to_owned));
    let mut words = error.to_string();
    for more in label.into_iter().chain(error.help().map(|help| help.to_string())) {
        words.push_str("; ");
        words.push_str(&more);
    }
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(1000).collect()
}

fn digest(sources: &[Source]) -> Digest {
    let mut bytes = Vec::new();
    let mut take = |text: &str| {
        // Lengths stand before texts, so that no two lists of texts read alike.
        bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    };
    take(SCHEMA);
    for source in sources {
        take(source.layer.name());
        take(&source.name);
        take(&source.text);
    }
    Digest::of(&bytes)
}
