//! opencode: a plugin that runs the hook program, since it has no hooks of its own, and Weir's tools.

use super::plan::{MARK, NAME, Put, member, whole};
use super::{HOOK_TIMEOUT_S, Wiring};
use serde_json::{Value, json};

pub(super) fn puts(wiring: &Wiring) -> Vec<Put> {
    let plugin = wiring.nearest(".opencode/plugin/weir.js", ".config/opencode/plugin/weir.js", "");
    let config = wiring.nearest("opencode.json", ".config/opencode/opencode.json", "");
    let authorization = format!("Bearer {{env:{}}}", wiring.token_env);
    let server = json!({
        "type": "remote",
        "url": wiring.mcp,
        "enabled": true,
        "headers": {"Authorization": authorization},
    });
    vec![whole(&plugin, javascript(&wiring.program)), member(&config, &["mcp", NAME], server)]
}

/// The plugin: every way out of `ask` but a plain yes throws, and a throw is how opencode is told no.
fn javascript(program: &str) -> String {
    let program = Value::String(program.to_owned());
    let timeout_ms = HOOK_TIMEOUT_S * 1000;
    format!("// {MARK} opencode; `weir detach opencode` takes it back.\n")
        + &PLUGIN
            .replace("__PROGRAM__", &program.to_string())
            .replace("__TIMEOUT__", &timeout_ms.to_string())
}

const PLUGIN: &str = r#"import { spawn } from "node:child_process"

const PROGRAM = __PROGRAM__
const TIMEOUT_MS = __TIMEOUT__

// Runs the hook program for one event; fails on anything but JSON from a program that ended well.
const run = (payload) =>
  new Promise((resolve, reject) => {
    const child = spawn(PROGRAM, ["hook", "opencode", payload.event], {
      stdio: ["pipe", "pipe", "pipe"],
      timeout: TIMEOUT_MS,
      killSignal: "SIGKILL",
    })
    let out = ""
    let err = ""
    child.stdout.setEncoding("utf8").on("data", (text) => (out += text))
    child.stderr.setEncoding("utf8").on("data", (text) => (err += text))
    child.on("error", (error) => reject(new Error(`Weir's hook could not be run: ${error.message}`)))
    child.on("close", (code, signal) => {
      if (code !== 0) {
        return reject(new Error(err.trim() || `Weir's hook ended with ${signal ?? code}`))
      }
      try {
        resolve(JSON.parse(out))
      } catch {
        reject(new Error("Weir's hook gave no answer that can be read"))
      }
    })
    child.stdin.on("error", () => {})
    child.stdin.end(JSON.stringify(payload))
  })

// Asks, and throws unless the answer is a plain yes.
const ask = async (payload) => {
  const answer = await run(payload)
  if (typeof answer?.deny === "string") throw new Error(answer.deny)
  if (answer?.allow !== true) throw new Error("Weir's hook did not say yes")
  return answer
}

// Tells, where nobody waits for a yes or a no.
const tell = async (payload) => {
  try {
    return await run(payload)
  } catch {
    return {}
  }
}

export const Weir = async ({ directory }) => {
  const parents = new Map()
  let servers = []
  const base = (event, sessionID) => ({ event, directory, sessionID, ...parents.get(sessionID) })
  return {
    config: async (config) => {
      servers = Object.keys(config?.mcp ?? {})
    },
    event: async ({ event }) => {
      const info = event.properties?.info
      const sessionID = event.properties?.sessionID ?? info?.id
      if (typeof sessionID !== "string") return
      if (event.type === "session.created") {
        if (info?.parentID) {
          // Children of children answer to the first of the line.
          const parentID = parents.get(info.parentID)?.parentID ?? info.parentID
          parents.set(sessionID, { parentID, agent: info.agent })
        }
        await tell(base("session.created", sessionID))
      } else if (event.type === "session.idle" || event.type === "session.deleted") {
        await tell(base(event.type, sessionID))
      }
    },
    "chat.message": async (input, output) => {
      const parts = (output?.parts ?? []).filter((part) => part.type === "text" && !part.synthetic)
      await ask({ ...base("chat.message", input.sessionID), text: parts.map((part) => part.text).join("\n") })
    },
    "tool.execute.before": async (input, output) => {
      const answer = await ask({
        ...base("tool.execute.before", input.sessionID),
        callID: input.callID,
        tool: input.tool,
        args: output.args ?? {},
        servers,
      })
      if (answer.args) {
        for (const key of Object.keys(output.args ?? {})) delete output.args[key]
        Object.assign(output.args, answer.args)
      }
    },
    "tool.execute.after": async (input, output) => {
      const answer = await tell({
        ...base("tool.execute.after", input.sessionID),
        callID: input.callID,
        tool: input.tool,
        args: input.args ?? {},
        servers,
      })
      if (answer?.context && typeof output?.output === "string") output.output += `\n${answer.context}`
    },
  }
}
"#;
