import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import type { Place } from "./cities.ts";

// The mean radius of the Earth (IUGG).
const EARTH_RADIUS_KM = 6371;

// Light in glass goes at two thirds of 299,792 km/s: 200 km in a millisecond.
const KM_PER_MS = 200;

// Measured round trips are 2.1 times what light in glass would need along the great circle (Bozkurt and others,
// "Dissecting Latency in the Internet's Fiber Infrastructure", 2018). Each route has its own factor around that, so
// the edge that is nearest on the map is not always the nearest one on the net.
const LEAST_DETOUR = 1.4;
const MOST_DETOUR = 2.8;

// Both ends stand in data centres: a few switches and one kernel each.
const ACCESS_MS = 1;

/** Kilometres along the great circle (haversine formula). */
export function distanceKm(a: Place, b: Place): number {
  const [latitudeA, latitudeB] = [radians(a.latitude), radians(b.latitude)];
  const [north, east] = [latitudeB - latitudeA, radians(b.longitude - a.longitude)];
  const haversine =
    Math.sin(north / 2) ** 2 + Math.cos(latitudeA) * Math.cos(latitudeB) * Math.sin(east / 2) ** 2;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(haversine));
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

/** Which of `places` is nearest on the globe. */
export function nearestTo(place: Place, places: readonly Place[]): number {
  let nearest = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [index, other] of places.entries()) {
    const distance = distanceKm(place, other);
    if (distance >= least) continue;
    nearest = index;
    least = distance;
  }
  return nearest;
}

/** Round-trip times between routers and edges without any queue, in milliseconds; routes may change. */
export class LatencyMap {
  /** By router, then by edge. */
  readonly #rttMs: readonly number[][];

  constructor(rttMs: readonly (readonly number[])[]) {
    this.#rttMs = rttMs.map((row) => [...row]);
  }

  /** The map of real distances. */
  static between(routers: readonly Place[], edges: readonly Place[], random: SeededRandom): LatencyMap {
    return new LatencyMap(
      routers.map((router) =>
        edges.map((edge) => {
          const straightMs = (2 * distanceKm(router, edge)) / KM_PER_MS;
          return straightMs * random.between(LEAST_DETOUR, MOST_DETOUR) + ACCESS_MS;
        }),
      ),
    );
  }

  rttMs(router: number, edge: number): number {
    return this.#rttMs[router]?.[edge] ?? Number.POSITIVE_INFINITY;
  }

  /** Which of `edges` is nearest on the net. */
  nearest(router: number, edges: readonly number[]): number {
    return edges.reduce((near, edge) => (this.rttMs(router, edge) < this.rttMs(router, near) ? edge : near));
  }

  /** The route between these two has become so much longer, or shorter when `ms` is negative. */
  lengthen(router: number, edge: number, ms: number): void {
    const row = this.#rttMs[router];
    if (row !== undefined) row[edge] = this.rttMs(router, edge) + ms;
  }
}
