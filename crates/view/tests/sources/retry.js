const clock = require("./clock");
const { wait: pause, MAX } = require("../limits");
import Base, { other } from "./base.js";
export { pause as rest };

/** Retries. */
class Retry extends Base {
  static limit = 3;
  #tries = 0;
  next(by) {
    return this.advance(pause(by));
  }
  static of() { return new Retry(); }
}

function describe(retry) {
  return clock.now(retry);
}

const make = function () { return Retry.of(); };
const later = async () => import("./later");

Retry.prototype.advance = function (by) {
  return by + MAX;
};

exports.describe = describe;
module.exports.tell = (x) => describe(x);
module.exports = { Retry, make };

const table = {
  start() { return go(); },
  stop: () => halt(),
};
