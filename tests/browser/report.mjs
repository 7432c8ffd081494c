// Counts what was checked. A check that throws has failed; the others still run.

export class Report {
  #passed = 0;
  #failed = [];

  async check(name, act) {
    try {
      await act();
      this.#passed += 1;
      console.log(`ok    ${name}`);
    } catch (error) {
      this.#failed.push(name);
      console.log(`FAIL  ${name}\n      ${String(error?.message ?? error).replaceAll('\n', '\n      ')}`);
    }
  }

  /** Prints the sum; answers with the exit code. */
  sumUp(pictures) {
    console.log(`\nPictures: ${pictures}`);
    console.log(`${this.#passed} passed, ${this.#failed.length} failed`);
    return this.#failed.length > 0 || this.#passed === 0 ? 1 : 0;
  }
}

export function expect(holds, message) {
  if (!holds) throw new Error(message);
}

export function equal(found, wanted, what) {
  expect(found === wanted, `${what}: found ${JSON.stringify(found)}, wanted ${JSON.stringify(wanted)}`);
}
