import { useEffect, useState } from "preact/hooks";
import type { NetworkInfo } from "../../../src/control/model.ts";
import { useDashboard } from "../dashboard.ts";
import { NO_RATES, type Rates, ratesBetween, type TrafficAt } from "../data/rates.ts";
import { TABLE_PERIOD_MS, usePoll } from "../data/use-poll.ts";
import { Scrolls } from "../parts/scrolls.tsx";
import { formatRoute } from "../routing/route.ts";
import { formatBits, formatCount } from "../text/format.ts";

const NO_NETWORKS: readonly NetworkInfo[] = [];

/** The server's networks with their rates, each a link to its peers. */
export function NetworkList() {
  const { api } = useDashboard();
  const { value = NO_NETWORKS, atMs } = usePoll(() => api.networks(), TABLE_PERIOD_MS);
  const rates = useNetworkRates(value, atMs);
  return (
    <section class="panel">
      <h2>Networks</h2>
      <Scrolls label="Networks">
        <table class="plain">
          <thead>
            <tr>
              <th>Name</th>
              <th class="figure">Peers</th>
              <th class="figure">Received</th>
              <th class="figure">Sent</th>
              <th class="figure">Addresses</th>
              <th>Uplink</th>
            </tr>
          </thead>
          <tbody>
            {value.map((network) => (
              <NetworkLine key={network.name} network={network} rates={rates.get(network.name) ?? NO_RATES} />
            ))}
          </tbody>
        </table>
      </Scrolls>
    </section>
  );
}

function NetworkLine({ network, rates }: { network: NetworkInfo; rates: Rates }) {
  const { name, peers, fdb, uplink } = network;
  return (
    <tr>
      <td>
        <a href={formatRoute("peers", undefined, { network: name })}>{name}</a>
      </td>
      <td class="figure">{formatCount(peers)}</td>
      <td class="figure">{formatBits(rates.receivedBits)}</td>
      <td class="figure">{formatBits(rates.sentBits)}</td>
      <td class="figure" title={`${formatCount(fdb.learned)} learned, of at most ${formatCount(fdb.capacity)}`}>
        {formatCount(fdb.entries)}
      </td>
      <td>{uplink === null ? "none" : `${uplink.name}${uplink.bridge ? " (bridge)" : ""}`}</td>
    </tr>
  );
}

function useNetworkRates(networks: readonly NetworkInfo[], atMs: number): ReadonlyMap<string, Rates> {
  const [state, setState] = useState({ seen: new Map<string, TrafficAt>(), rates: new Map<string, Rates>() });
  useEffect(() => {
    setState(({ seen }) => {
      const now = new Map(networks.map(({ name, traffic }) => [name, { atMs, traffic }]));
      const rates = new Map<string, Rates>();
      for (const [name, after] of now) {
        const before = seen.get(name);
        if (before !== undefined) rates.set(name, ratesBetween(before, after) ?? NO_RATES);
      }
      return { seen: now, rates };
    });
  }, [networks, atMs]);
  return state.rates;
}
