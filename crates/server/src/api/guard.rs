//! `/v1/guard`: policies looked at. Nothing here changes what is in force: that is a commit on the trunk.

use crate::door::{Body, Door, Named};
use crate::reply::Reply;
use crate::wire::{
    ExplainedEffect, Explanation, Ground, List, Policies, PolicyAnalysis, PolicyChange, PolicyFile,
    PolicyFiles, PolicyFinding, PolicyRule, PolicyTest, Refused, Replayed, ReplayedOne,
};
use axum::Json;
use axum::extract::Query;
use serde::Deserialize;
use utoipa::IntoParams;
use weir_guard::acts::in_short;
use weir_model::act::Reason;
use weir_model::{Position, Timestamp};

/// Which act of a record.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Look {
    /// Of a batch of looks, which; counted from 0.
    #[serde(default)]
    look: usize,
}

/// The policies in force
#[utoipa::path(get, path = "/v1/guard/policies", tag = "guard",
    responses((status = 200, body = Policies), (status = "default", body = Refused)))]
pub(crate) async fn policies(door: Door) -> Reply<Policies> {
    let (bundle, fault) = (door.engine().policies(), door.engine().policies_fault());
    door.tell(|see| {
        let in_force = see.folds.acts.in_force();
        let rule = |rule: &weir_guard::policy::Rule| PolicyRule {
            name: rule.name.clone(),
            layer: rule.layer.name().to_owned(),
            answer: rule.answer().to_string(),
        };
        Ok(Policies {
            bundle: bundle.digest().to_string(),
            commit: in_force.map(|known| known.commit.clone()).filter(|commit| !commit.is_empty()),
            fault,
            rules: bundle.rules().map(rule).collect(),
        })
    })
}

/// Why a decision fell so
///
/// Which policy, by which facts, and what would change the answer; by the policies in force now.
#[utoipa::path(get, path = "/v1/guard/decisions/{decision}", tag = "guard", params(Look,
    ("decision" = String, Path, example = "E31")),
    responses((status = 200, body = Explanation), (status = "default", body = Refused)))]
pub(crate) async fn explain(
    door: Door,
    Named(decision): Named<Position>,
    Query(which): Query<Look>,
) -> Reply<Explanation> {
    let explained = door.ask_disk(move |engine| engine.explain_act(decision, which.look)).await?;
    let ground = |reason: &Reason| Ground {
        policy: reason.policy.clone(),
        answer: reason.answer.to_string(),
        sentence: reason.sentence.clone(),
        hint: reason.hint.clone(),
    };
    let told = explained.explanation;
    Ok(Json(Explanation {
        decision,
        session: explained.session,
        what: in_short(&explained.act.tool),
        answer: told.ruling.answer.to_string(),
        is_in_force: explained.is_in_force,
        grounds: told.ruling.reasons.iter().map(ground).collect(),
        shadow: told.ruling.shadow.iter().map(ground).collect(),
        effects: told
            .effects
            .into_iter()
            .map(|effect| ExplainedEffect {
                asks: effect.asks,
                answer: effect.answer.to_string(),
                matched: effect
                    .matched
                    .iter()
                    .map(|policy| format!("{} ({})", policy.policy, policy.place))
                    .collect(),
                facts: effect
                    .facts
                    .iter()
                    .map(|fact| format!("{} = {}", fact.name, fact.value))
                    .collect(),
            })
            .collect(),
        changes: told
            .changes
            .into_iter()
            .map(|change| PolicyChange { what: change.what, answer: change.answer.to_string() })
            .collect(),
    }))
}

/// Run tests of policies
///
/// The policies are held against the schema first; a fault is refused with file, line and column.
#[utoipa::path(post, path = "/v1/guard/test", tag = "guard", request_body = PolicyFiles,
    responses((status = 200, body = List<PolicyTest>), (status = "default", body = Refused)))]
pub(crate) async fn test(door: Door, Body(given): Body<PolicyFiles>) -> Reply<List<PolicyTest>> {
    let (files, tests) = (named(given.files), named(given.tests));
    let ran = door.ask_disk(move |engine| engine.test_policies(&files, &tests)).await?;
    let items: Vec<_> = ran
        .into_iter()
        .map(|one| PolicyTest {
            file: one.file,
            line: one.line,
            name: one.name,
            passed: one.passed,
            sentence: one.sentence,
        })
        .collect();
    Ok(Json(List { total: items.len() as u64, items }))
}

/// What other policies would have decided
///
/// Every recorded decision is made again, by the policies in force and by these.
#[utoipa::path(post, path = "/v1/guard/replay", tag = "guard", request_body = PolicyFiles,
    responses((status = 200, body = Replayed), (status = "default", body = Refused)))]
pub(crate) async fn replay(door: Door, Body(given): Body<PolicyFiles>) -> Reply<Replayed> {
    let files = named(given.files);
    let length = given.since.map(weir_model::Lease::length);
    let since = length.map_or_else(Timestamp::default, |length| door.engine().now() - length);
    let (decided, changed) =
        door.ask_disk(move |engine| engine.replay_policies(&files, since)).await?;
    let told = |one: &weir_engine::Otherwise| ReplayedOne {
        decision: one.decision,
        at: one.at,
        session: one.session,
        what: in_short(&one.act.tool),
        old: one.changed.old.answer.to_string(),
        new: one.changed.new.answer.to_string(),
        why: one
            .changed
            .new
            .reasons
            .first()
            .or(one.changed.old.reasons.first())
            .map(|reason| format!("{} ({})", reason.sentence, reason.policy))
            .unwrap_or_default(),
    };
    let items = changed.iter().take(200).map(told).collect();
    Ok(Json(Replayed { decided: decided as u64, changed: changed.len() as u64, items }))
}

/// What policies mean
///
/// What they open and close against those in force; what never matches, is shadowed, contradicts or always denies.
/// With `prove`, also what of that a solver proves for every question there can be.
#[utoipa::path(post, path = "/v1/guard/analyze", tag = "guard", request_body = PolicyFiles,
    responses((status = 200, body = PolicyAnalysis), (status = "default", body = Refused)))]
pub(crate) async fn analyze(door: Door, Body(given): Body<PolicyFiles>) -> Reply<PolicyAnalysis> {
    let (prove, files) = (given.prove, named(given.files));
    let (found, solver) = door
        .ask_disk(move |engine| match prove {
            true => engine.prove_policies(&files).map(|proved| (proved.findings, proved.solver)),
            false => engine.analyze_policies(&files).map(|found| (found, None)),
        })
        .await?;
    let items: Vec<_> = found
        .into_iter()
        .map(|one| PolicyFinding {
            what: serde_json::to_value(one.what)
                .ok()
                .and_then(|word| word.as_str().map(str::to_owned))
                .unwrap_or_default(),
            about: one.about,
            sentence: one.sentence,
            example: one.example,
            proved: one.proved,
        })
        .collect();
    Ok(Json(PolicyAnalysis { total: items.len() as u64, items, solver }))
}

fn named(files: Vec<PolicyFile>) -> Vec<(String, String)> {
    files.into_iter().map(|PolicyFile { name, text }| (name, text)).collect()
}
