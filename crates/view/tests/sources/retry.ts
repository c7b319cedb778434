import fs from "node:fs";
import * as clock from "./clock";
import { MAX_TRIES as TRIES, wait, type Limit } from "../limits";
import type { Base } from "./base";
import "./polyfill";
import util = require("util");
export { wait, describe as tell } from "./wait";
export * from "./all";
export * as everything from "./all";
const { join } = require("path");

/** How often something is tried. */
export interface Policy extends Base {
  limit: number;
  next(by: number): Limit | undefined;
}

export type Wait = number | Later<string>;

export enum Outcome {
  Done,
  Failed = "failed",
}

/**
 * Retries.
 */
@Injectable({ root: true })
export default class Retry<T> extends Base implements Policy {
  static readonly LIMIT = 3;
  private tries: number = 0;
  #secret = 1;

  constructor(private clock: Clock) {
    super();
  }

  get limit(): number {
    return this.tries;
  }

  next = (by: number) => {
    return this.advance(wait(by));
  };

  private async advance(by: number): Promise<T> {
    function within(limit: number) {
      return limit > TRIES;
    }
    return [by].filter(within).map(clock.now) as T;
  }
}

export abstract class Shape {
  abstract area(): number;
}

// Told to people.
export const describe = (retry: Retry<string>): string => `${join(retry.limit)}`;
const limit = 3, other = describe;
let state = new Retry<string>(fs);
declare module "express" {
  interface Request { user: string }
}
namespace Inner {
  export function deep() {}
}
export function overload(a: string): void;
export function overload(a: any) {}
