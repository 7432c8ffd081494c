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
      const why = String(error?.message ?? error).replaceAll('\n', '\n      ');
      console.log(`FAIL  ${name}\n      ${why}`);
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
  const [was, should] = [found, wanted].map((value) => JSON.stringify(value));
  expect(found === wanted, `${what}: found ${was}, wanted ${should}`);
}
