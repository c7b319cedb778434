//! Slices: of all policies, those that a question can meet.
//!
//! Evaluation is linear in the number of policies, so policies are kept apart by action and by the one name that
//! their scope may demand (of the resource, or else of the principal). A question then meets the policies that
//! demand no name, and those that demand one of its own names. What is left out could not have matched.

use super::cedar::{action_uid, uid};
use super::question::{Question, Verb};
use cedar_policy::{
    ActionConstraint, EntityUid, Policy, PolicySet, PrincipalConstraint, ResourceConstraint,
};
use std::collections::BTreeMap;

/// Policies of one slice. Permits and forbids apart: Cedar names the reasons of one side only.
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
    general: Pair,
    by_resource: BTreeMap<EntityUid, Pair>,
    by_principal: BTreeMap<EntityUid, Pair>,
}

impl Slices {
    /// Puts a policy wherever a question could meet it.
    ///
    /// # Errors
    /// In words, when Cedar does not take it.
    pub(super) fn add(&mut self, policy: &Policy) -> Result<(), String> {
        for verb in Verb::ALL.iter().copied().filter(|verb| meets(policy, *verb)) {
            let slice = self.0.entry(verb).or_default();
            let pair = match (demanded_resource(policy), demanded_principal(policy)) {
                (Some(resource), _) => slice.by_resource.entry(resource).or_default(),
                (None, Some(principal)) => slice.by_principal.entry(principal).or_default(),
                (None, None) => &mut slice.general,
            };
            pair.of(policy.effect()).add(policy.clone()).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// The slices that a question meets.
    pub(super) fn of(&self, question: &Question) -> Vec<&Pair> {
        let Some(slice) = self.0.get(&question.verb) else { return Vec::new() };
        let mut met = vec![&slice.general];
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
        met
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
