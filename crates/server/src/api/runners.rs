//! `/v1/runners`: who takes runs of checks, what they take, and what they tell.

use super::done;
use crate::door::{Body, Door};
use crate::reply::{Problem, Reply};
use crate::wire::{
    Done, LeaveRunner, List, Refused, RenewRun, RenewedRun, ReturnRun, RunCheck, RunEnded,
    RunOrder, RunReport, Runner, TakeRun, TakenRun,
};
use axum::Json;
use axum::body::to_bytes;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::time::Duration;
use weir_engine::check::{How, LOG_BYTES_MAX, Ran};
use weir_engine::{Asking, Held, Order, Report};
use weir_model::Refusal;

/// For so long a runner is let wait; what stands between may think a longer silence dead.
const WAIT_MAX: Duration = Duration::from_secs(20);

/// The longest log, as Base64, and room for the rest.
const REPORT_BYTES_MAX: u64 = LOG_BYTES_MAX / 3 * 4 + (1 << 20);

/// The runners that are here
///
/// In the order in which they came.
#[utoipa::path(get, path = "/v1/runners", tag = "runners",
    responses((status = 200, body = List<Runner>), (status = "default", body = Refused)))]
pub(crate) async fn list(door: Door) -> Reply<List<Runner>> {
    door.tell(|see| {
        let items = see.runners();
        let total = items.len() as u64;
        Ok(List { items, total })
    })
}

/// Take a run
///
/// For a runner, by its own token. Waits until there is one, for as long as is asked.
#[utoipa::path(post, path = "/v1/runners/take", tag = "runners", request_body = TakeRun,
    responses((status = 200, body = TakenRun), (status = "default", body = Refused)))]
pub(crate) async fn take(door: Door, Body(ask): Body<TakeRun>) -> Reply<TakenRun> {
    let TakeRun { name, environment, places, lease, holds, facts, wait } = ask;
    let asking = Asking { name, environment, places, lease, holds, facts };
    let (engine, caller) = (door.engine(), &door.caller);
    let mut head = engine.head();
    let patience = wait.map_or(Duration::ZERO, |wait| wait.length().min(WAIT_MAX));
    let over = tokio::time::sleep(patience);
    tokio::pin!(over);
    loop {
        let seen = engine.queue_version();
        if let Some(order) = engine.take_run(caller, &asking).await? {
            return Ok(Json(TakenRun { order: Some(told(order)) }));
        }
        // Most records are not about the queue.
        while engine.queue_version() == seen {
            tokio::select! {
                () = &mut over => return Ok(Json(TakenRun { order: None })),
                () = door.weir.closing.cancelled() => return Ok(Json(TakenRun { order: None })),
                more = head.changed() => if more.is_err() {
                    return Ok(Json(TakenRun { order: None }));
                },
            }
        }
        // It may have said that it goes, and must not be taken for one that comes.
        if patience.is_zero() || !engine.has_runner(caller, &asking.name) {
            return Ok(Json(TakenRun { order: None }));
        }
    }
}

/// Renew a run
///
/// To be asked every few seconds: a refusal says that the run is no longer the runner's, or that nobody asks any more what it
/// would tell.
#[utoipa::path(post, path = "/v1/runners/renew", tag = "runners", request_body = RenewRun,
    responses((status = 200, body = RenewedRun), (status = "default", body = Refused)))]
pub(crate) async fn renew(door: Door, Body(ask): Body<RenewRun>) -> Reply<RenewedRun> {
    let RenewRun { name, candidate, run, lease, length } = ask;
    let held = Held { candidate, run, lease };
    let until = door.engine().renew_run(&door.caller, &name, held, length).await?;
    Ok(Json(RenewedRun { until }))
}

/// Tell what came of a check
///
/// Of a run that the runner holds, and of the check that comes next in it. Whoever lost the run is refused; that is recorded,
/// and changes nothing else.
#[utoipa::path(post, path = "/v1/runners/report", tag = "runners", request_body = RunReport,
    responses((status = 200, body = Done), (status = "default", body = Refused)))]
pub(crate) async fn report(door: Door, body: axum::body::Body) -> Reply<Done> {
    // Before anything is held in memory for somebody who may not.
    door.engine().may_run(&door.caller)?;
    let most = usize::try_from(REPORT_BYTES_MAX).unwrap_or(usize::MAX);
    let bytes = to_bytes(body, most).await.map_err(|why| {
        Refusal::new("run.too_large", format!("the report did not arrive whole: {why}"))
            .hint(format!("a log may have {} MiB", LOG_BYTES_MAX >> 20))
    })?;
    let malformed = |why: String| {
        let sentence = format!("the body is not what this route takes: {why}");
        Refusal::new("request.malformed", sentence).hint("`/openapi.json` describes it")
    };
    let told: RunReport =
        serde_json::from_slice(&bytes).map_err(|error| malformed(error.to_string()))?;
    drop(bytes);
    let RunReport { name, candidate, run, lease, check, ended, elapsed_ms, log, facts } = told;
    let log = BASE64_STANDARD.decode(log).map_err(|error| malformed(error.to_string()))?;
    let how = match ended {
        RunEnded::Exited(code) => How::Exited(code),
        RunEnded::Signalled => How::Signalled,
        RunEnded::TimedOut => How::TimedOut,
        RunEnded::Broken => How::Broken,
    };
    let ran = Ran { how, elapsed: Duration::from_millis(elapsed_ms), log };
    let (held, report) = (Held { candidate, run, lease }, Report { check, ran, facts });
    let asked = tokio::task::spawn_blocking(move || {
        door.engine().report_run(&door.caller, &name, held, &report)
    });
    let failed = |_| Problem::failed("the report was not taken in".to_owned());
    asked.await.map_err(failed)??;
    Ok(done())
}

/// Give a run back
///
/// The runner cannot run it. Another may.
#[utoipa::path(post, path = "/v1/runners/return", tag = "runners", request_body = ReturnRun,
    responses((status = 200, body = Done), (status = "default", body = Refused)))]
pub(crate) async fn give_back(door: Door, Body(ask): Body<ReturnRun>) -> Reply<Done> {
    let ReturnRun { name, candidate, run, lease, why } = ask;
    let held = Held { candidate, run, lease };
    door.engine().return_run(&door.caller, &name, held, why).await?;
    Ok(done())
}

/// Leave
///
/// The runner stops, and gives back all that it holds.
#[utoipa::path(post, path = "/v1/runners/leave", tag = "runners", request_body = LeaveRunner,
    responses((status = 200, body = Done), (status = "default", body = Refused)))]
pub(crate) async fn leave(door: Door, Body(ask): Body<LeaveRunner>) -> Reply<Done> {
    door.engine().leave_runner(&door.caller, &ask.name).await?;
    Ok(done())
}

fn told(order: Order) -> RunOrder {
    let Order { held, until, name, commit, tree, checks } = order;
    let Held { candidate, run, lease } = held;
    let checks = checks.into_iter().map(|check| RunCheck {
        name: check.name,
        run: check.run,
        time_limit: check.time_limit,
        output_limit: check.output_limit,
        toolchain: check.toolchain,
    });
    let checks = checks.collect();
    RunOrder { candidate, run, lease, until, name, commit, tree, checks }
}
