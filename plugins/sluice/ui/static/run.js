// Reads one run from Airflow's REST API as the user who is signed in, and has the server turn it into HTML.
// The page lies at <base>/sluice/run, so every address is relative to it: Airflow may live below a path of its own.

const KEYS = ["return_value", "failure"];
const PAGE = 100; // Airflow's own largest page, unless its configuration says otherwise
const ENDED = ["success", "failed"];
const AGAIN_MS = 10000; // as often as Airflow's own pages look at a run that is under way

async function ask(path) {
  const answer = await fetch(`../api/v2/${path}`, { credentials: "same-origin" });
  if (!answer.ok) {
    const says = answer.status === 401 || answer.status === 403 ? "you may not read this run's results" : answer.statusText;
    throw new Error(`Airflow answered ${answer.status} to ${path}: ${says}`);
  }
  return answer.json();
}

async function all(path, member) {
  const found = [];
  for (;;) {
    const page = await ask(`${path}${path.includes("?") ? "&" : "?"}limit=${PAGE}&offset=${found.length}`);
    found.push(...page[member]);
    if (page[member].length === 0 || found.length >= page.total_entries) return found;
  }
}

const asText = (value) => (typeof value === "string" ? value : JSON.stringify(value));

async function facts(dagId, runId) {
  const run = `dags/${encodeURIComponent(dagId)}/dagRuns/${encodeURIComponent(runId)}`;
  const [{ state }, tasks, listed] = await Promise.all([
    ask(run),
    all(`${run}/taskInstances?order_by=start_date`, "task_instances"),
    all(`${run}/taskInstances/~/xcomEntries`, "xcom_entries"),
  ]);
  const entries = await Promise.all(
    listed
      .filter(({ key }) => KEYS.includes(key))
      .map(async ({ task_id, map_index, key }) => {
        const path = `${run}/taskInstances/${encodeURIComponent(task_id)}/xcomEntries/${key}?map_index=${map_index}`;
        return { task_id, map_index, key, value: asText((await ask(path)).value) };
      }),
  );
  return {
    dag_id: dagId,
    run_id: runId,
    state: state ?? "",
    tasks: tasks.map(({ task_id, map_index, state }) => ({ task_id, map_index, state })),
    entries,
  };
}

async function show() {
  const place = document.getElementById("run");
  const asked = new URLSearchParams(window.location.search);
  try {
    const { tags } = await ask(`dags/${encodeURIComponent(asked.get("dag_id") ?? "")}`);
    if (!tags.some(({ name }) => name === "sluice")) throw new Error("This DAG is none of Sluice's.");
    const known = await facts(asked.get("dag_id") ?? "", asked.get("run_id") ?? "");
    const answer = await fetch("render", { method: "POST", body: JSON.stringify(known) });
    if (!answer.ok) throw new Error(await answer.text());
    place.innerHTML = await answer.text(); // escaped by the server, and the page's policy runs no script in it
    if (!ENDED.includes(known.state)) setTimeout(show, AGAIN_MS);
  } catch (error) {
    const told = document.createElement("p");
    told.textContent = error.message;
    place.replaceChildren(told);
  }
}

show();
