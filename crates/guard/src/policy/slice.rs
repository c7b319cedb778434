//! Slices: of all policies, those that a question can meet.
//!
//! Evaluation is linear in the number of policies, so policies are kept apart by action and by the one name that
//! their scope may demand (of the resource, or else of the principal). A question then meets the policies that
//! demand no name, and those that demand one of its own names. What is left out could not have matched. Of those that are
//! met, the sieve tells most apart; a policy that it cannot tell is asked alone.

use super::cedar::{action_uid, uid};
use super::question::{Question, Verb};
use super::sieve::Sieve;
use cedar_policy::{
    ActionConstraint, EntityUid, Policy, PolicySet, PrincipalConstraint, ResourceConstraint,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One policy, ready to be asked.
#[derive(Debug)]
pub(super) struct Single {
    /// The name of its rule.
    pub(super) name: String,
    /// What its conditions say where that is plain.
    pub(super) sieve: Sieve,
    /// Whether its scope demands nothing but an action: then its conditions alone decide.
    pub(super) is_unscoped: bool,
    /// It alone.
    pub(super) set: PolicySet,
}

/// Policies. Permits and forbids apart: Cedar names the reasons of one side only.
#[derive(Debug, Clone, Default)]
pub(super) struct Pair {
    pub(super) permits: PolicySet,
    pub(super) forbids: PolicySet,
}

impl Pair {
    /// The side of policies that permit, or of those that forbid.
    pub(super) fn of(&mut self, effect: cedar_policy::Effect) -> &mut PolicySet {
        match effect {
            cedar_policy::Effect::Permit => &mut self.permits,
            cedar_policy::Effect::Forbid => &mut self.forbids,
        }
    }
}

/// All slices of a bundle.
#[derive(Debug, Clone, Default)]
pub(super) struct Slices(BTreeMap<Verb, Slice>);

#[derive(Debug, Clone, Default)]
struct Slice {
    general: Vec<Arc<Single>>,
    by_resource: BTreeMap<EntityUid, Vec<Arc<Single>>>,
    by_principal: BTreeMap<EntityUid, Vec<Arc<Single>>>,
}

impl Slices {
    /// Puts a policy wherever a question could meet it.
    ///
    /// # Errors
    /// In words, when Cedar does not take it.
    pub(super) fn add(&mut self, policy: &Policy) -> Result<(), String> {
        let single = Arc::new(Single {
            name: policy.id().to_string(),
            sieve: Sieve::of(policy),
            is_unscoped: policy.principal_constraint() == PrincipalConstraint::Any
                && policy.resource_constraint() == ResourceConstraint::Any,
            set: PolicySet::from_policies([policy.clone()]).map_err(|error| error.to_string())?,
        });
        for verb in Verb::ALL.iter().copied().filter(|verb| meets(policy, *verb)) {
            let slice = self.0.entry(verb).or_default();
            let met = match (demanded_resource(policy), demanded_principal(policy)) {
                (Some(resource), _) => slice.by_resource.entry(resource).or_default(),
                (None, Some(principal)) => slice.by_principal.entry(principal).or_default(),
                (None, None) => &mut slice.general,
            };
            met.push(Arc::clone(&single));
        }
        Ok(())
    }

    /// The policies that a question meets.
    pub(super) fn of(&self, question: &Question) -> Vec<&Single> {
        let Some(slice) = self.0.get(&question.verb) else { return Vec::new() };
        let mut met: Vec<&Vec<Arc<Single>>> = vec![&slice.general];
        let sides =
            [(&slice.by_resource, &question.resource), (&slice.by_principal, &question.principal)];
        for (named, thing) in sides.into_iter().filter(|(named, _)| !named.is_empty()) {
            let own = std::iter::once((thing.sort, thing.id.as_str()));
            let above = thing.parents.iter().map(|(sort, id)| (*sort, id.as_str()));
            let mut names: Vec<_> =
                own.chain(above).filter_map(|(sort, id)| uid(sort, id)).collect();
            names.sort();
            names.dedup();
            met.extend(names.iter().filter_map(|name| named.get(name)));
        }
        met.into_iter().flatten().map(Arc::as_ref).collect()
    }
}

/// Whether a question about that action can meet the policy.
pub(super) fn meets(policy: &Policy, verb: Verb) -> bool {
    let is = |uid: &EntityUid| {
        action_uid(verb).is_some_and(|own| own == uid)
            || verb.group().is_some_and(|group| {
                uid.type_name().to_string() == "Action" && uid.id().unescaped() == group
            })
    };
    match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(uid) => is(&uid),
        ActionConstraint::In(uids) => uids.iter().any(is),
    }
}

fn demanded_resource(policy: &Policy) -> Option<EntityUid> {
    match policy.resource_constraint() {
        ResourceConstraint::Eq(uid)
        | ResourceConstraint::In(uid)
        | ResourceConstraint::IsIn(_, uid) => Some(uid),
        ResourceConstraint::Any | ResourceConstraint::Is(_) => None,
    }
}

fn demanded_principal(policy: &Policy) -> Option<EntityUid> {
    match policy.principal_constraint() {
        PrincipalConstraint::Eq(uid)
        | PrincipalConstraint::In(uid)
        | PrincipalConstraint::IsIn(_, uid) => Some(uid),
        PrincipalConstraint::Any | PrincipalConstraint::Is(_) => None,
    }
}
