import mocha from "mocha";

/** Mocha's spec reporter, which ends in one line that a program can read: "12 passed, 0 failed". */
export default class LastLineReporter extends mocha.reporters.Spec {
  epilogue() {
    super.epilogue();
    process.stdout.write(`${this.stats.passes} passed, ${this.stats.failures} failed\n`);
  }
}
