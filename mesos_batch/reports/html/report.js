
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const styleOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const phaseColour = (phase) => styleOf("--" + phase) || styleOf("--other");
  const elapsed = (seconds) => {
    if (seconds < 9.95) return seconds.toFixed(1) + "s";
    const whole = Math.round(seconds), two = (number) => String(number).padStart(2, "0");
    if (whole < 60) return whole + "s";
    if (whole < 3600) return Math.floor(whole / 60) + "m" + two(whole % 60) + "s";
    const minutes = Math.floor(whole / 60);
    if (minutes < 1440) return Math.floor(minutes / 60) + "h" + two(minutes % 60) + "m";
    return Math.floor(minutes / 1440) + "d" + two(Math.floor(minutes / 60) % 24) + "h";
  };
  for (const section of document.querySelectorAll(".needs-script")) section.hidden = false;

  gantt();
  table();

  function gantt() {
    const box = document.getElementById("gantt"), canvas = box.querySelector("canvas");
    const tip = document.getElementById("tip"), all = document.getElementById("all");
    if (!data.agents.length) { box.closest("section").hidden = true; return; }
    const AXIS = 24, GAP = 8, TALLEST = 620, NARROWEST = 1e-3;
    const lanes = data.agents.reduce((sum, agent) => sum + agent.lanes, 0);
    const laneHeight = Math.max(4, Math.min(18, Math.floor((TALLEST - AXIS) / lanes) - 1));
    const rows = [];
    let total = AXIS + 4;
    for (const agent of data.agents) {
      const height = Math.max(agent.lanes * laneHeight, 15);
      rows.push({ agent, top: total, height });
      total += height + GAP;
    }
    const whole = [0, Math.max(data.seconds, NARROWEST)];
    let from = whole[0], to = whole[1], dragged = null, colours = [], left = 0, width = 0, height = 0;
    const pen = canvas.getContext("2d");
    const FONT = '12px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';
    const xOf = (time) => left + (time - from) / (to - from) * (width - left - 8);
    const timeOf = (x) => from + (Math.min(Math.max(x, left), width - 8) - left) / (width - left - 8) * (to - from);

    function resize() {
      width = box.clientWidth;
      height = Math.min(total, TALLEST);
      const scale = window.devicePixelRatio || 1;
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
      canvas.style.height = height + "px";
      box.querySelector("div").style.height = (total - height) + "px";
      pen.setTransform(scale, 0, 0, scale, 0, 0);
      pen.font = FONT;
      const widest = data.agents.reduce((most, agent) => Math.max(most, pen.measureText(agent.name).width), 0);
      left = Math.min(Math.ceil(widest) + 16, 200);
      draw();
    }

    function draw() {
      colours = data.phases.map(phaseColour);
      const text = styleOf("--text"), dim = styleOf("--dim"), edge = styleOf("--edge"), card = styleOf("--card");
      pen.clearRect(0, 0, width, height);
      pen.font = FONT;
      pen.textBaseline = "middle";
      const marks = ticks();
      pen.fillStyle = edge;
      for (const mark of marks) pen.fillRect(Math.round(xOf(mark)), AXIS, 1, height - AXIS);
      for (const row of rows) {
        const top = row.top - box.scrollTop;
        if (top > height || top + row.height < AXIS) continue;
        pen.fillStyle = edge;
        pen.fillRect(0, top + row.height + GAP / 2 - 1, width, 1);
        pen.fillStyle = text;
        pen.textAlign = "left";
        pen.fillText(row.agent.name, 0, top + row.height / 2, left - 8);
        pen.save();
        pen.beginPath();
        pen.rect(left, AXIS, width - left - 8, height - AXIS);
        pen.clip();
        for (const bar of row.agent.bars) {
          if (bar[3] < from || bar[1] > to) continue;
          const x = xOf(bar[1]), start = xOf(bar[2]), end = Math.max(xOf(bar[3]), x + 1);
          const y = top + bar[0] * laneHeight, tall = laneHeight > 5 ? laneHeight - 2 : laneHeight - 1;
          const gap = end - x > 4 ? 1 : 0;
          pen.fillStyle = colours[bar[4]];
          if (start > x) { pen.globalAlpha = .4; pen.fillRect(x, y, Math.min(start, end) - x, tall); pen.globalAlpha = 1; }
          pen.fillRect(Math.min(start, end - 1), y, Math.max(end - start - gap, 1), tall);
        }
        pen.restore();
      }
      pen.fillStyle = card;
      pen.fillRect(0, 0, width, AXIS);
      pen.fillStyle = dim;
      pen.textAlign = "center";
      for (const mark of marks) pen.fillText(label(mark), xOf(mark), AXIS / 2);
      if (dragged) {
        pen.fillStyle = styleOf("--accent");
        pen.globalAlpha = .18;
        pen.fillRect(Math.min(dragged[0], dragged[1]), AXIS, Math.abs(dragged[1] - dragged[0]), height - AXIS);
        pen.globalAlpha = 1;
      }
    }

    function ticks() {
      const least = (to - from) / Math.max(2, (width - left) / 130);
      const clock = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];
      const power = 10 ** Math.floor(Math.log10(least));
      let step = power * [1, 2, 5, 10].find((factor) => factor * power >= least * .999);
      if (least >= 30) step = clock.find((each) => each >= least) || step;
      const found = [];
      for (let number = Math.ceil(from / step); number * step <= to; number++) found.push(number * step);
      return found;
    }

    function label(time) {
      if (to - from < 10) return time.toFixed(Math.max(0, Math.min(3, 1 - Math.floor(Math.log10((to - from) / 5))))) + "s";
      return time < 60 ? Math.round(time) + "s" : elapsed(time).replace(/(?<=[mh])00[sm]$/, "");
    }

    function barAt(x, y) {
      const inner = y + box.scrollTop, time = timeOf(x), near = (to - from) / width;
      const row = rows.find((each) => inner >= each.top && inner < each.top + each.height);
      if (!row || x < left || y < AXIS) return null;
      const lane = Math.floor((inner - row.top) / laneHeight);
      const bar = row.agent.bars.find((each) => each[0] === lane && each[1] - near <= time && time <= each[3] + near);
      return bar ? { bar, agent: row.agent } : null;
    }

    function point(event) {
      const place = canvas.getBoundingClientRect();
      return [event.clientX - place.left, event.clientY - place.top];
    }

    function show(event) {
      const found = barAt(...point(event));
      tip.hidden = !found;
      if (!found) return;
      const [, begin, start, end, phase, task, attempt, count, why] = found.bar;
      tip.textContent = (count > 1
        ? count + " attempts side by side, " + task + " among them"
        : task + (attempt > 1 ? " (attempt " + attempt + ")" : ""))
        + "\n" + data.phases[phase] + " on " + found.agent.name
        + "\nat " + elapsed(begin) + " for " + elapsed(end - begin)
        + (count === 1 && start - begin > .05 ? ", " + elapsed(start - begin) + " of it to start" : "")
        + (count === 1 && why ? "\n" + why : "");
      const beside = event.clientX + 16 + tip.offsetWidth > innerWidth;
      tip.style.left = (beside ? event.clientX - 12 - tip.offsetWidth : event.clientX + 14) + "px";
      tip.style.top = Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8) + "px";
    }

    function look(begin, end) {
      from = Math.max(whole[0], begin);
      to = Math.min(whole[1], Math.max(end, from + NARROWEST));
      all.hidden = from === whole[0] && to === whole[1];
      draw();
    }

    canvas.addEventListener("pointermove", (event) => {
      if (dragged) { dragged[1] = point(event)[0]; draw(); tip.hidden = true; } else show(event);
    });
    canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
    canvas.addEventListener("pointerdown", (event) => {
      const x = point(event)[0];
      dragged = [x, x];
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointerup", () => {
      const ends = dragged;
      dragged = null;
      if (ends && Math.abs(ends[1] - ends[0]) > 4) look(timeOf(Math.min(...ends)), timeOf(Math.max(...ends)));
      else draw();
    });
    canvas.addEventListener("pointercancel", () => { dragged = null; draw(); });
    canvas.addEventListener("dblclick", () => look(...whole));
    all.addEventListener("click", () => look(...whole));
    box.addEventListener("scroll", () => { tip.hidden = true; draw(); });
    box.addEventListener("keydown", (event) => {
      const length = to - from, middle = (from + to) / 2;
      const moves = {
        "+": [middle - length / 4, middle + length / 4],
        "-": [middle - length, middle + length],
        ArrowLeft: [Math.max(whole[0], from - length / 4), Math.max(whole[0], from - length / 4) + length],
        ArrowRight: [Math.min(whole[1], to + length / 4) - length, Math.min(whole[1], to + length / 4)],
      };
      if (event.key in moves) { event.preventDefault(); look(...moves[event.key]); }
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    new ResizeObserver(resize).observe(box);
    resize();
  }

  function table() {
    const PAGE = 100;
    const body = document.querySelector("#tasks tbody"), heads = [...document.querySelectorAll("#tasks th")];
    const filter = document.getElementById("filter"), phase = document.getElementById("phase");
    const more = document.getElementById("more"), shown = document.getElementById("shown");
    const TASK = 0, PHASE = 1, AGENT = 3, STARTED = 4, TOOK = 5, WHY = 7;
    const natural = new Intl.Collator("en", { numeric: true }).compare;
    let column = null, direction = 1, limit = PAGE;
    if (!data.tasks.length) { body.closest("section").hidden = true; return; }
    for (const each of new Set(data.tasks.map((row) => row[PHASE]))) phase.append(new Option(each, each));

    function chosen() {
      const words = filter.value.toLowerCase();
      const rows = data.tasks.filter((row) => (!phase.value || row[PHASE] === phase.value)
        && (!words || [TASK, AGENT, WHY].some((cell) => row[cell].toLowerCase().includes(words))));
      if (column === null) return rows;
      return rows.sort((one, other) => {
        const a = one[column], b = other[column];
        if (a === null || b === null) return (a === null) - (b === null);
        return direction * (typeof a === "number" ? a - b : natural(a, b));
      });
    }

    function draw() {
      const rows = chosen();
      body.replaceChildren(...rows.slice(0, limit).map((row) => {
        const line = document.createElement("tr");
        row.forEach((value, cell) => {
          const at = line.insertCell();
          if (cell === PHASE) {
            const dot = document.createElement("i");
            dot.className = "dot phase-" + value;
            at.append(dot);
          }
          if (typeof value === "number") at.className = "number";
          at.append(value === null ? "" : cell === STARTED || cell === TOOK ? elapsed(value) : String(value));
        });
        return line;
      }));
      shown.textContent = rows.length.toLocaleString("en") + " of " + data.tasks.length.toLocaleString("en");
      more.hidden = rows.length <= limit;
    }

    heads.forEach((head, index) => head.addEventListener("click", () => {
      direction = column === index ? -direction : 1;
      column = index;
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
      draw();
    }));
    const anew = () => { limit = PAGE; draw(); };
    filter.addEventListener("input", anew);
    phase.addEventListener("change", anew);
    more.addEventListener("click", () => { limit += 5 * PAGE; draw(); });
    draw();
  }
})();
