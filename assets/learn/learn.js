import { readAddress, writeAddress } from "./address.js";
import { createPicture, SIGNS } from "./picture.js";

/** @typedef {import("./picture.js").Run} Run */
/** @typedef {import("./picture.js").Note} Note */

// Reduced motion: the picture moves from step to step, and each stays for this long at speed 1.
const STEP_MS = 2_500;

const still = matchMedia("(prefers-reduced-motion: reduce)");
const picture = createPicture(byId("stage"));
const play = byId("play");
const seek = /** @type {HTMLInputElement} */ (byId("seek"));
const speed = /** @type {HTMLSelectElement} */ (byId("speed"));
const seed = /** @type {HTMLInputElement} */ (byId("seed"));

/** @type {readonly any[]} */
let lessons = [];
/** @type {any} */
let lesson;
/** @type {Record<string, string>} */
let choices = {};
/** @type {Run | undefined} */
let run;
/** Of the lesson. */
let now = 0;
let isPlaying = false;
/** The latest frame or step. */
let drawnAt = 0;
/** The figures of the runs that were seen to their end, by choice. @type {Map<string, Run>} */
let seen = new Map();
/** Runs are made one after the other, and only the latest is shown. */
let asked = 0;

function byId(/** @type {string} */ id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`index.html has no element with the id ${id}`);
  return found;
}

function make(/** @type {string} */ tag, /** @type {string} */ text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

/** @returns {readonly Note[]} */
function notes() {
  return /** @type {Note[]} */ (run?.events.filter(({ kind }) => kind === "note") ?? []);
}

/** The moments at which something is told, and the end. */
function stops() {
  return [...new Set([...notes().map(({ at }) => at), run?.endsAt ?? 0])].sort((a, b) => a - b);
}

/** The lesson that the address names, with its choices, at its moment. */
async function openAddress() {
  const address = readAddress(location.hash);
  const named = lessons.find(({ id }) => id === address.lesson) ?? lessons[0];
  const isOther = named !== lesson;
  if (isOther) seen = new Map();
  lesson = named;
  choices = Object.fromEntries(
    lesson.variables.map((variable) => {
      const values = variable.choices.map(({ value }) => value);
      const told = address.choices[variable.name] ?? "";
      return [variable.name, values.includes(told) ? told : values[0]];
    }),
  );
  seed.value = String(address.seed);
  speed.value = [...speed.options].some(({ value }) => value === address.speed) ? address.speed : "1";
  if (isOther) tellLesson();
  for (const input of byId("variables").querySelectorAll("input"))
    input.checked = choices[input.name] === input.value;
  await runAnew(address.at ?? 0);
}

/** Runs the lesson with the present choices, and stands at that moment. */
async function runAnew(/** @type {number} */ at) {
  setPlaying(false);
  asked += 1;
  const number = asked;
  const made = await lesson.run(Number(seed.value), choices);
  if (number !== asked) return;
  run = made;
  picture.open(made);
  seek.max = String(made.endsAt);
  tellSigns(made);
  moveTo(Math.min(at, made.endsAt));
}

function moveTo(/** @type {number} */ at) {
  if (run === undefined) return;
  now = Math.max(0, Math.min(at, run.endsAt));
  picture.draw(now);
  seek.value = String(Math.round(now));
  const clock = `${(now / 1000).toFixed(2)} s`;
  byId("clock").textContent = clock;
  seek.setAttribute("aria-valuetext", clock);
  tellStory();
  if (now >= run.endsAt) {
    seen.set(JSON.stringify(choices), run);
    setPlaying(false);
  }
  tellFigures();
}

function setPlaying(/** @type {boolean} */ playing) {
  if (playing && run !== undefined && now >= run.endsAt) moveTo(0);
  const begins = playing && !isPlaying;
  isPlaying = playing;
  play.textContent = playing ? "Pause" : run !== undefined && now >= run.endsAt ? "Again" : "Play";
  if (begins) {
    drawnAt = performance.now();
    requestAnimationFrame(frame);
  }
}

function frame(/** @type {number} */ at) {
  if (!isPlaying || run === undefined) return;
  const passed = Math.max(0, at - drawnAt) * Number(speed.value);
  if (!still.matches) {
    drawnAt = at;
    moveTo(now + (passed / 1000) * lesson.pace);
  } else if (passed >= STEP_MS) {
    drawnAt = at;
    step();
  }
  requestAnimationFrame(frame);
}

function step() {
  moveTo(stops().find((at) => at > now) ?? run?.endsAt ?? 0);
}

function stepBack() {
  moveTo(stops().findLast((at) => at < now) ?? 0);
}

function keepAddress() {
  const at = run !== undefined && now < run.endsAt ? now : 0;
  const address = { lesson: lesson.id, choices, seed: Number(seed.value), speed: speed.value, at };
  history.replaceState(null, "", writeAddress(address));
}

function tellLesson() {
  const at = lessons.indexOf(lesson);
  document.title = `edgeCache: ${lesson.title}`;
  byId("kicker").textContent = `Lesson ${at + 1} of ${lessons.length}`;
  byId("lesson-title").textContent = lesson.title;
  byId("idea").replaceChildren(...lesson.idea.map((/** @type {string} */ text) => make("p", text)));
  byId("watch").textContent = lesson.watch;
  byId("rules").textContent = lesson.rules.join(", ");
  byId("files").replaceChildren(
    ...lesson.files.flatMap((/** @type {string} */ file, /** @type {number} */ index) => [
      ...(index === 0 ? [] : [", "]),
      make("code", file),
    ]),
  );
  byId("variables").replaceChildren(...lesson.variables.map(fieldsetOf));
  for (const link of byId("contents").querySelectorAll("a")) {
    if (link.dataset.id === lesson.id) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  byId("turn").replaceChildren(...linkTo(lessons[at - 1], "Before: "), ...linkTo(lessons[at + 1], "Next: "));
  byId("lab").hidden = false;
}

function linkTo(/** @type {any} */ other, /** @type {string} */ before) {
  if (other === undefined) return [];
  const link = document.createElement("a");
  link.textContent = before + other.title;
  link.href = `#lesson=${other.id}`;
  return [link];
}

function fieldsetOf(/** @type {any} */ variable) {
  const set = document.createElement("fieldset");
  set.append(
    make("legend", variable.label),
    ...variable.choices.map((/** @type {{ value: string, label: string }} */ choice) => {
      const label = document.createElement("label");
      const input = document.createElement("input");
      input.type = "radio";
      input.name = variable.name;
      input.value = choice.value;
      input.checked = choices[variable.name] === choice.value;
      input.addEventListener("change", () => {
        choices = { ...choices, [variable.name]: choice.value };
        void runAnew(0).then(() => {
          keepAddress();
          setPlaying(true);
        });
      });
      label.append(input, make("span", choice.label));
      return label;
    }),
  );
  return set;
}

/** The latest of what has been told so far, and all of it. */
function tellStory() {
  const told = notes().filter(({ at }) => at <= now);
  const last = told.at(-1);
  const latest = told.filter(({ at }) => at === last?.at);
  const text = latest.map((note) => note.text).join(" ");
  const place = byId("now");
  if (place.textContent !== text) {
    place.textContent = text;
    place.className = latest.some(({ wrong }) => wrong) ? "wrong" : "";
  }
  const story = byId("story");
  if (story.childElementCount === told.length) return;
  story.replaceChildren(
    ...told.map(({ at, text, wrong }) => {
      const line = document.createElement("li");
      line.className = wrong ? "wrong" : "";
      line.append(make("time", `${(at / 1000).toFixed(2)} s`), ` ${text}`);
      return line;
    }),
  );
}

/** The figures of the runs that were seen, one beside the other; before the first, what to do to get them. */
function tellFigures() {
  const [variable, ...more] = lesson.variables;
  const columns = (
    more.length === 0 ? variable.choices : [{ value: choices[variable.name], label: "this run" }]
  ).map(({ value, label }) => ({ label, key: JSON.stringify({ ...choices, [variable.name]: value }) }));
  const known = columns.map(({ key }) => seen.get(key));
  const names = known.find((each) => each !== undefined)?.figures.map(({ name }) => name) ?? [];
  const here = JSON.stringify(choices);
  const isEnd = run !== undefined && now >= run.endsAt;
  const shown = byId("shown");
  const text = isEnd ? (run?.shown ?? "") : "";
  if (shown.textContent !== text) shown.textContent = text;
  const key = JSON.stringify([here, names, known.map((each) => each?.figures)]);
  const table = byId("figures");
  if (table.dataset.key === key) return;
  table.dataset.key = key;
  const head = document.createElement("tr");
  head.append(
    more.length === 0 ? make("td", variable.label) : document.createElement("td"),
    ...columns.map((column) => {
      const cell = make("th", column.label);
      cell.setAttribute("scope", "col");
      if (column.key === here) cell.setAttribute("aria-current", "true");
      return cell;
    }),
  );
  const rows = names.map((name, at) => {
    const row = document.createElement("tr");
    const cell = make("th", name);
    cell.setAttribute("scope", "row");
    row.append(cell, ...known.map((each) => make("td", each?.figures[at]?.value ?? "not seen yet")));
    return row;
  });
  const [thead, tbody] = [document.createElement("thead"), document.createElement("tbody")];
  thead.append(head);
  tbody.append(...rows);
  table.replaceChildren(...(names.length === 0 ? [make("caption", "Play it to its end.")] : [thead, tbody]));
}

function tellSigns(/** @type {Run} */ { events }) {
  const tones = new Set(events.flatMap((event) => (event.kind === "message" ? [event.tone] : [])));
  byId("signs").replaceChildren(
    ...Object.entries(SIGNS)
      .filter(([tone]) => tones.has(tone))
      .map(([tone, [sign, meaning]]) => {
        const item = document.createElement("span");
        item.dataset.tone = tone;
        item.append(make("i", sign), meaning);
        return item;
      }),
  );
}

function act(/** @type {() => void} */ move) {
  setPlaying(false);
  move();
  keepAddress();
}

play.addEventListener("click", () => {
  setPlaying(!isPlaying);
  if (!isPlaying) keepAddress();
});
byId("step").addEventListener("click", () => act(step));
byId("back").addEventListener("click", () => act(stepBack));
seek.addEventListener("input", () => act(() => moveTo(Number(seek.value))));
speed.addEventListener("change", keepAddress);
seed.addEventListener("change", () => {
  seed.value = String(readAddress(`#seed=${seed.value}`).seed);
  seen = new Map();
  void runAnew(0).then(keepAddress);
});
byId("variables").addEventListener("submit", (event) => event.preventDefault());
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("lesson-title").focus();
});
addEventListener("resize", () => picture.draw(now));
addEventListener("hashchange", () => {
  void openAddress().then(() => byId("lesson-title").focus({ preventScroll: false }));
});

try {
  const url = "./lessons.js";
  lessons = (await import(url)).LESSONS;
  byId("contents").replaceChildren(
    ...lessons.map(({ id, title }) => {
      const item = document.createElement("li");
      const link = make("a", title);
      link.setAttribute("href", `#lesson=${id}`);
      link.dataset.id = id;
      item.append(link);
      return item;
    }),
  );
  await openAddress();
} catch (thrown) {
  byId("lesson-title").textContent = "The lessons could not be loaded.";
  byId("idea").replaceChildren(
    make("p", "In a checkout, npm start builds them: node learn/build.ts does the same."),
    make("p", String(thrown)),
  );
}
