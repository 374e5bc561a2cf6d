"use strict";
// The rater's path: one section at a time, questions as forms of SurveyJS, agreement with gold, and answers to take
// along. Needs no server; what is kept stays in this browser. The format of the file is in the chapter on onboarding.

document.addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("halo-path");
  const sections = [...document.querySelectorAll("article section > section")];
  if (!place || !sections.length) return;
  const inside = (element) => JSON.parse(element.querySelector(":scope > script").textContent);
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
  const words = inside(place), language = document.documentElement.lang, key = `halo path ${language}`;
  const blocks = [...document.querySelectorAll(".halo-check")].map((element) => ({ element, ...inside(element) }));
  const all = blocks.flatMap((block) => block.asked);

  let state = { rater: "", round: 1, at: 0, answers: [] };
  try {
    state = { ...state, ...JSON.parse(localStorage.getItem(key) || "{}") };
  } catch { /* a browser that keeps nothing */ }
  const keep = () => {
    try {
      localStorage.setItem(key, JSON.stringify(state));
    } catch { /* as above */ }
  };
  const given = (asked) => state.answers.find(
    (row) => row.item_id === asked.name && row.criterion === asked.criterion && row.round === `${state.round}`);

  // Make an element with attributes and what it holds.
  const make = (tag, attributes = {}, ...held) => {
    const element = Object.assign(document.createElement(tag), attributes);
    element.append(...held);
    return element;
  };
  const button = (text, press, kind = "") => {
    const made = make("button", { type: "button", className: `halo-button ${kind}` }, text);
    made.addEventListener("click", press);
    return made;
  };
  const status = () => {
    const made = make("p", { className: "halo-said" });
    made.setAttribute("role", "status");
    return made;
  };

  // Progress: where one is, what is answered, and the file to take along.
  const said = status(), bar = make("progress", { max: all.length });
  bar.setAttribute("aria-label", words.progress);
  const back = button(words.back, () => show(state.at - 1, true));
  const onward = button(words.onward, () => show(state.at + 1, true), "halo-first");
  const count = () => {
    bar.value = all.filter(given).length;
    said.textContent = fill(words.place, { at: state.at + 1, of: sections.length, done: bar.value, all: all.length });
  };
  const show = (at, moved) => {
    state.at = Math.min(Math.max(at, 0), sections.length - 1);
    sections.forEach((section, number) => { section.hidden = number !== state.at; });
    blocks.filter((block) => !block.started && sections[state.at].contains(block.element)).forEach(start);
    back.hidden = state.at === 0;
    onward.hidden = state.at === sections.length - 1;
    count();
    keep();
    if (moved) {
      const heading = sections[state.at].querySelector("h2");
      heading.tabIndex = -1;
      heading.focus();
      heading.scrollIntoView();
    }
  };

  const code = make("input", { id: "halo-code", autocomplete: "off", spellcheck: false, value: state.rater });
  const told = status(), hint = make("span", { id: "halo-code-hint", className: "halo-small" }, words.hint);
  code.setAttribute("aria-describedby", hint.id);
  const save = () => {
    state.rater = code.value.trim();
    if (!/^[A-Za-z0-9-]{2,40}$/.test(state.rater)) {
      told.textContent = words.no_code;
      code.focus();
      return;
    }
    keep();
    const answers = state.answers.map((row) => ({ rater_id: state.rater, ...row }));
    const content = JSON.stringify({ format: "halo-attempts 1", answers }, null, 1);
    const file = `attempts-${state.rater}-${words.locale}.json`;
    const address = URL.createObjectURL(new Blob([content], { type: "application/json" }));
    make("a", { href: address, download: file }).click();
    told.textContent = fill(words.saved, { file });
  };
  const reset = () => {
    if (!confirm(words.sure)) return;
    Object.assign(state, { round: state.round + 1, at: 0 });
    keep();
    location.replace(location.pathname);
  };
  const fields = make("p", {}, make("label", { htmlFor: code.id }, words.code), " ", code, " ", hint);
  const files = make("details", { className: "halo-fold" }, make("summary", {}, words.keep), fields,
    button(words.save, save), " ", button(words.reset, reset), told);
  const bottom = make("nav", { className: "halo-path" }, said, bar, make("p", {}, back, " ", onward), files);
  bottom.setAttribute("aria-label", words.progress);
  sections.at(-1).after(bottom);
  place.hidden = true;

  // Agreement with gold after each item, with its interval.
  const percent = new Intl.NumberFormat(language, { style: "percent" });
  const drawn = (block) => {
    const right = block.asked.filter(given).map((asked) => Number(given(asked).label === asked.label));
    if (!right.length) return "";
    let k = 0;
    const height = (share) => 70 - 60 * share;
    const lines = right.map((one, at) => {
      k += one;
      const [low, high] = block.intervals[at][k], x = 40 + 18 * at;
      return `<path d="M${x} ${height(low)}V${height(high)}"/><circle cx="${x}" cy="${height(k / (at + 1))}" r="4"/>`;
    });
    const [low, high] = block.intervals[right.length - 1][k], n = right.length, width = 50 + 18 * block.asked.length;
    const text = fill(words.agreement,
      { k, n, share: percent.format(k / n), low: percent.format(low), high: percent.format(high) });
    const marks = [0, 1].map((share) => `<text x="0" y="${height(share) + 4}">${percent.format(share)}</text>`);
    return `<figure class="halo-agreement"><svg viewBox="0 0 ${width} 80" width="${width}" role="img"
      aria-label="${words.picture}">${marks.join("")}${lines.join("")}</svg><figcaption>${text}</figcaption></figure>`;
  };

  // Forms: an answer is given by the button, so that a move with the arrow keys gives none.
  const start = (block) => {
    if (typeof SurveyUI === "undefined") return;
    Survey.settings.animationEnabled = false;
    block.started = true;
    const survey = new Survey.Model({
      ...block.survey, showNavigationButtons: false, showQuestionNumbers: "off", focusFirstQuestionAutomatic: false,
      showTitle: false, widthMode: "responsive", questionErrorLocation: "bottom",
    });
    survey.locale = words.survey;
    const asked = (page) => block.asked.filter((one) => page.questions.some((question) => question.name === one.name));
    const form = make("div", { className: "halo-form" }), heard = status(), picture = make("div");
    heard.className = "visually-hidden";
    let since = null, moved = false;
    form.addEventListener("focusin", () => { since ??= Date.now(); });
    survey.onAfterRenderPage.add(() => { if (moved) form.querySelector("input").focus(); });
    const reveal = (one) => {
      const row = given(one), question = survey.getQuestionByName(one.name);
      const feedback = survey.getQuestionByName(`said ${one.name}`);
      const [same, other] = one.words, verdict = fill(words[row.label === one.label ? same : other], { gold: one.gold });
      question.value = row.label;
      question.readOnly = true;
      feedback.html = `<p>${verdict}</p>${one.said}`;
      feedback.visible = true;
      return verdict;
    };
    const next = () => {
      const waiting = asked(survey.currentPage).some((one) => !given(one));
      press.textContent = waiting ? words.check : words.next_item;
      press.hidden = !waiting && survey.isLastPage;
    };
    const press = button(words.check, () => {
      const waiting = asked(survey.currentPage).filter((one) => !given(one));
      if (!waiting.length) {
        moved = true;
        since = Date.now();
        survey.nextPage();
        heard.textContent = "";
        next();
        return;
      }
      if (!survey.currentPage.validate(true, true)) return;
      const seconds = Math.min(3600, Math.round((Date.now() - (since ?? Date.now())) / 1000 / waiting.length));
      for (const one of waiting) {
        state.answers.push({
          item_id: one.name, criterion: one.criterion, label: survey.getValue(one.name), gold: one.label,
          locale: words.locale, guideline: one.guideline, section: block.section, kind: one.kind, seconds,
          rated_at: `${new Date().toISOString().slice(0, 19)}Z`, round: `${state.round}`,
        });
      }
      const verdicts = waiting.map(reveal).map((html) => make("p", { innerHTML: html }).textContent);
      keep();
      count();
      next();
      if (block.intervals) picture.innerHTML = drawn(block);
      const caption = picture.querySelector("figcaption");
      const last = survey.isLastPage && block.intervals ? words.last : "";
      heard.textContent = [...verdicts, caption?.textContent, last].filter(Boolean).join(" ");
      if (press.hidden && onward.hidden) files.open = true;
      if (press.hidden) (onward.hidden ? code : onward).focus();
    }, "halo-first");
    block.element.prepend(form, press, heard, picture);
    block.element.classList.add("halo-live");
    SurveyUI.renderSurvey(survey, form);
    block.asked.filter(given).forEach(reveal);
    const unanswered = survey.pages.findIndex((page) => asked(page).some((one) => !given(one)));
    survey.currentPageNo = unanswered < 0 ? survey.pages.length - 1 : unanswered;
    if (block.intervals) picture.innerHTML = drawn(block);
    next();
  };

  const open = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const at = sections.findIndex((section) => section.contains(target));
    if (target && at >= 0) {
      show(at);
      target.scrollIntoView();
    }
  };
  show(state.at);
  open();
  window.addEventListener("hashchange", open);
});
