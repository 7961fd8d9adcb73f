/** One value of a metric. `series`: its name with its labels, as in the text. */
export interface Sample {
  readonly series: string;
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: Sample[];
}

const HELP = /^# HELP (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<help>\S.*)$/;
const TYPE = /^# TYPE (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<type>counter|gauge|histogram|summary)$/;
const SAMPLE =
  /^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?<labels>[^}]+)\})? (?<value>-?[0-9][0-9.e+-]*|[+-]Inf|Nan|NaN)$/;
const LABEL = /(?<label>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>(?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

/** Prometheus' text exposition format 0.0.4, read strictly. Throws for all that a scraper or `promtool` would complain of. */
export function readPrometheusText(text: string): ReadonlyMap<string, MetricFamily> {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const families = new Map<string, MetricFamily>();
  const seen = new Set<string>();
  let help: Record<string, string> | undefined;
  let family: MetricFamily | undefined;
  for (const line of text.split("\n").filter((each) => each !== "")) {
    const described = HELP.exec(line)?.groups;
    const typed = TYPE.exec(line)?.groups;
    if (described !== undefined) help = described;
    else if (typed !== undefined) {
      const { name = "", type = "" } = typed;
      if (help?.name !== name) throw new Error(`no help: ${name}`);
      if (families.has(name)) throw new Error(`described twice: ${name}`);
      if ((type === "counter") !== name.endsWith("_total"))
        throw new Error(`_total is for counters: ${name}`);
      family = { name, help: help.help ?? "", type, samples: [] };
      families.set(name, family);
    } else {
      const sample = sampleOf(line);
      if (family === undefined || !isOf(sample, family)) throw new Error(`not of ${family?.name}: ${line}`);
      if (seen.has(sample.series)) throw new Error(`twice: ${sample.series}`);
      seen.add(sample.series);
      family.samples.push(sample);
    }
  }
  for (const each of families.values()) if (each.type === "histogram") checkHistogram(each);
  return families;
}

/** Each series has its buckets in their order; they only grow, and the last one has all that the count has. */
function checkHistogram({ name, samples }: MetricFamily): void {
  const counts = new Map<string, { bound: number; count: number }>();
  for (const sample of samples) {
    const labels = [...sample.labels].filter(([label]) => label !== "le").sort();
    const series = JSON.stringify(labels);
    const before = counts.get(series) ?? { bound: Number.NEGATIVE_INFINITY, count: 0 };
    if (sample.name === `${name}_bucket`) {
      const bound = Number(sample.labels.get("le")?.replace("Inf", "Infinity"));
      if (!(bound > before.bound) || sample.value < before.count)
        throw new Error(`a bucket out of order: ${sample.series}`);
      counts.set(series, { bound, count: sample.value });
    }
    if (sample.name !== `${name}_count`) continue;
    if (before.bound !== Number.POSITIVE_INFINITY || before.count !== sample.value)
      throw new Error(`the buckets do not add up: ${sample.series}`);
  }
}

/** The value of the only sample whose name and labels are these. undefined: there is none. */
export function sampleValue(
  families: ReadonlyMap<string, MetricFamily>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const fits = (sample: Sample): boolean =>
    sample.name === name &&
    Object.entries(labels).every(([label, value]) => sample.labels.get(label) === value);
  const found = [...families.values()].flatMap(({ samples }) => samples.filter(fits));
  if (found.length > 1) throw new Error(`${name} has ${found.length} samples with these labels`);
  return found[0]?.value;
}

/** Whole days from now until the time in the only sample of this name. */
export function daysUntil(text: string, name: string): number {
  const at = sampleValue(readPrometheusText(text), name) ?? Number.NaN;
  return Math.floor((at * 1000 - Date.now()) / 86_400_000);
}

function isOf({ name }: Sample, family: MetricFamily): boolean {
  const ends =
    family.type === "histogram"
      ? ["_bucket", "_sum", "_count"]
      : family.type === "summary"
        ? ["", "_sum", "_count"]
        : [""];
  return ends.some((end) => name === family.name + end);
}

function sampleOf(line: string): Sample {
  const { name = "", labels: text = "", value = "" } = SAMPLE.exec(line)?.groups ?? {};
  if (name === "") throw new Error(`not a line of Prometheus text: ${line}`);
  const labels = new Map<string, string>();
  LABEL.lastIndex = 0;
  for (let at = 0; at < text.length; at = LABEL.lastIndex) {
    const groups = LABEL.exec(text)?.groups;
    if (groups?.label === undefined) throw new Error(`not labels: ${line}`);
    if (labels.has(groups.label)) throw new Error(`a label twice: ${line}`);
    labels.set(groups.label, groups.value ?? "");
  }
  return { series: `${name}{${text}}`, name, labels, value: Number(value.replace("Inf", "Infinity")) };
}
