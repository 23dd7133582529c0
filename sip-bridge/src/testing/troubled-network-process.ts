import { createInterface } from 'node:readline';
import { TroubledNetwork, type TroubledNetworkOptions } from './troubled-network.js';

/**
 * Bad networks as a process of their own, for a host between phone and bridge: its argument says which, it prints where they are dialled
 * (`{"uris": […]}`), and what passed through each (`{"counts": […]}`) when its input ends.
 */
interface Plan {
  readonly networks: readonly TroubledNetworkOptions[];
  /** Audio of a network whose address changes in mid-call comes from there after so many packets; null: it does not. */
  readonly move: readonly ({ readonly address: string; readonly afterPackets: number } | null)[];
}

const LOOK_MS = 50;

const plan = JSON.parse(process.argv[2] ?? '') as Plan;
const networks = await Promise.all(plan.networks.map((options) => TroubledNetwork.open(options)));
const moved = networks.map(() => false);
const looking = setInterval(() => {
  for (const [index, network] of networks.entries()) {
    const move = plan.move[index];
    if (!move || moved[index] || network.audio.passed <= move.afterPackets) continue;
    moved[index] = true;
    network.changeAddress(move.address).catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exitCode = 1;
    });
  }
}, LOOK_MS);
process.stdout.write(`${JSON.stringify({ uris: networks.map(({ uri }) => uri) })}\n`);
for await (const _line of createInterface({ input: process.stdin })) {
  // It lives as long as its input.
}
clearInterval(looking);
const counts = networks.map(({ audio }, index) => ({ ...audio, moved: moved[index] }));
await Promise.all(networks.map((network) => network.close()));
process.stdout.write(`${JSON.stringify({ counts })}\n`);
