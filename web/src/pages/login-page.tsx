import { useState } from "preact/hooks";
import { useDashboard } from "../dashboard.ts";
import type { Credentials } from "../data/server-api.ts";
import { useStore } from "../data/use-store.ts";

type Way = "password" | "token";

/** For who has no session, or no longer: when it is there again, the page of the address bar is shown. */
export function LoginPage() {
  const { session } = useDashboard();
  const state = useStore(session.state);
  const [way, setWay] = useState<Way>("password");
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const logIn = (event: SubmitEvent): void => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    session
      .logIn(credentialsOf(event.currentTarget as HTMLFormElement))
      .catch((error: Error) => setProblem(error.message))
      .finally(() => setBusy(false));
  };
  const why = problem ?? (state.state === "out" ? state.why : undefined);
  return (
    <main class="login">
      <form class="panel" onSubmit={logIn}>
        <h1>vpn-ws</h1>
        <p class="quiet">Log in as one of the server's operators.</p>
        <WayChoice way={way} onChoose={setWay} />
        {way === "password" ? <PasswordFields /> : <TokenField />}
        <p class="problem" role="alert">
          {why}
        </p>
        <button type="submit" class="primary" disabled={isBusy}>
          Log in
        </button>
        <p class="quiet">
          Or run <code>vpn-ws dashboard</code> on the server, which prints an address that logs you in.
        </p>
      </form>
    </main>
  );
}

function WayChoice({ way, onChoose }: { way: Way; onChoose: (way: Way) => void }) {
  const choices: readonly (readonly [Way, string])[] = [
    ["password", "Password"],
    ["token", "Token"],
  ];
  return (
    <fieldset class="choices">
      <legend class="hidden">How to log in</legend>
      {choices.map(([value, words]) => (
        <label key={value}>
          <input type="radio" name="way" value={value} checked={way === value} onChange={() => onChoose(value)} />
          {words}
        </label>
      ))}
    </fieldset>
  );
}

function PasswordFields() {
  return (
    <>
      <label class="field">
        User
        <input name="user" autocomplete="username" autocapitalize="none" spellcheck={false} required />
      </label>
      <label class="field">
        Password
        <input name="password" type="password" autocomplete="current-password" required />
      </label>
    </>
  );
}

function TokenField() {
  return (
    <label class="field">
      Token
      <input name="token" type="password" autocomplete="off" required />
    </label>
  );
}

function credentialsOf(form: HTMLFormElement): Credentials {
  const fields = new FormData(form);
  const text = (name: string): string => String(fields.get(name) ?? "");
  return fields.has("token") ? { token: text("token").trim() } : { user: text("user"), password: text("password") };
}
