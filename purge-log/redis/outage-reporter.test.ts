import { expect } from "chai";
import { Failure } from "../../process/failure.ts";
import { OutageReporter } from "./outage-reporter.ts";

describe("an outage", () => {
  const [reader, listener] = [{}, {}];
  const refused = new Failure("log-unreachable", "log", "refused");
  let told: string[];
  let outage: OutageReporter;
  beforeEach(() => {
    told = [];
    outage = new OutageReporter(
      (failure) => told.push(failure.message),
      () => told.push("recovered"),
    );
  });

  it("is told of once, whoever notices it and however often", () => {
    for (const part of [reader, listener, reader]) outage.noticed(part, refused);
    expect(told).to.deep.equal(["refused"]);
  });

  it("is over when everyone who noticed it works again", () => {
    outage.noticed(reader, refused);
    outage.noticed(listener, refused);
    outage.over(reader);
    expect(told).to.deep.equal(["refused"]);
    outage.over(listener);
    expect(told).to.deep.equal(["refused", "recovered"]);
  });

  it("is told of again when it comes again", () => {
    for (const _ of [1, 2]) {
      outage.noticed(reader, refused);
      outage.over(reader);
    }
    expect(told).to.deep.equal(["refused", "recovered", "refused", "recovered"]);
  });

  it("is neither over nor kept open by a part that is no longer used", () => {
    outage.noticed(reader, refused);
    outage.noticed(listener, refused);
    outage.left(listener);
    outage.over(reader);
    expect(told).to.deep.equal(["refused", "recovered"]);
  });

  it("is not over for a part that noticed none", () => {
    outage.over(reader);
    expect(told).to.deep.equal([]);
  });
});
