import type { SeededRandom } from "../../learn/simulation/seeded-random.ts";
import type { City, Place } from "./cities.ts";
import { nearestTo } from "./latency-map.ts";

/** One user: somewhere around a city, taken to the nearest router as anycast or DNS would do it. */
export interface Client {
  readonly place: Place;
  readonly router: number;
}

// People live up to this far from the middle of the city, in degrees: some 150 km.
const SCATTER_DEGREES = 1.4;

/** The routers: each further one in the city that has most people for each of its routers. */
export function placeRouters(cities: readonly City[], count: number): City[] {
  const held = new Map<City, number>();
  return Array.from({ length: count }, () => {
    const neediest = cities.reduce((most, city) => (need(city, held) > need(most, held) ? city : most));
    held.set(neediest, (held.get(neediest) ?? 0) + 1);
    return neediest;
  });
}

function need(city: City, held: ReadonlyMap<City, number>): number {
  return city.millions / ((held.get(city) ?? 0) + 1);
}

/** `count` clients where people live. Of several routers in one city each has its share. */
export function drawClients(
  cities: readonly City[],
  routers: readonly Place[],
  count: number,
  random: SeededRandom,
): Client[] {
  const sums: number[] = [];
  let people = 0;
  for (const { millions } of cities) {
    people += millions;
    sums.push(people);
  }
  const byPlace = Map.groupBy(routers.keys(), (index) => routers[index]);
  const places = [...byPlace.keys()].filter((place) => place !== undefined);
  return Array.from({ length: count }, () => {
    const drawn = random.next() * people;
    const city = cities[sums.findIndex((sum) => drawn < sum)] ?? random.pick(cities);
    const place = {
      latitude: city.latitude + random.between(-SCATTER_DEGREES, SCATTER_DEGREES),
      longitude: city.longitude + random.between(-SCATTER_DEGREES, SCATTER_DEGREES),
    };
    const there = byPlace.get(places[nearestTo(place, places)]) ?? [];
    return { place, router: random.pick(there) };
  });
}
