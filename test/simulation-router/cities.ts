/** A place on the globe, in degrees; north and east are positive. */
export interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

export interface City extends Place {
  readonly name: string;
  /** People of the urban area in millions: its weight in the demand. */
  readonly millions: number;
}

/** Latitude, longitude, millions of people: urban areas of the UN's World Urbanization Prospects 2018, rounded. */
const TABLE: readonly (readonly [name: string, latitude: number, longitude: number, millions: number])[] = [
  ["Tokyo", 35.68, 139.69, 37.4],
  ["Delhi", 28.61, 77.21, 28.5],
  ["Shanghai", 31.23, 121.47, 25.6],
  ["São Paulo", -23.55, -46.63, 21.7],
  ["Mexico City", 19.43, -99.13, 21.6],
  ["Cairo", 30.04, 31.24, 20.1],
  ["Mumbai", 19.08, 72.88, 20.0],
  ["Beijing", 39.9, 116.41, 19.6],
  ["Dhaka", 23.81, 90.41, 19.6],
  ["Osaka", 34.69, 135.5, 19.3],
  ["New York", 40.71, -74.01, 18.8],
  ["Karachi", 24.86, 67.01, 15.4],
  ["Buenos Aires", -34.6, -58.38, 15.0],
  ["Istanbul", 41.01, 28.98, 14.8],
  ["Kolkata", 22.57, 88.36, 14.7],
  ["Lagos", 6.52, 3.38, 13.5],
  ["Manila", 14.6, 120.98, 13.5],
  ["Rio de Janeiro", -22.91, -43.17, 13.3],
  ["Guangzhou", 23.13, 113.26, 12.6],
  ["Los Angeles", 34.05, -118.24, 12.4],
  ["Moscow", 55.76, 37.62, 12.4],
  ["Lahore", 31.55, 74.34, 11.7],
  ["Bangalore", 12.97, 77.59, 11.4],
  ["Paris", 48.86, 2.35, 10.9],
  ["Bogotá", 4.71, -74.07, 10.6],
  ["Jakarta", -6.21, 106.85, 10.5],
  ["Chennai", 13.08, 80.27, 10.5],
  ["Lima", -12.05, -77.04, 10.4],
  ["Bangkok", 13.76, 100.5, 10.2],
  ["Seoul", 37.57, 126.98, 10.0],
  ["Hyderabad", 17.39, 78.49, 9.5],
  ["London", 51.51, -0.13, 9.0],
  ["Tehran", 35.69, 51.39, 8.9],
  ["Chicago", 41.88, -87.63, 8.9],
  ["Ho Chi Minh City", 10.82, 106.63, 8.1],
  ["Luanda", -8.84, 13.23, 7.8],
  ["Kuala Lumpur", 3.14, 101.69, 7.6],
  ["Hong Kong", 22.32, 114.17, 7.4],
  ["Riyadh", 24.71, 46.68, 6.9],
  ["Baghdad", 33.31, 44.36, 6.8],
  ["Santiago", -33.45, -70.67, 6.7],
  ["Madrid", 40.42, -3.7, 6.5],
  ["Toronto", 43.65, -79.38, 6.1],
  ["Dar es Salaam", -6.79, 39.21, 6.0],
  ["Miami", 25.76, -80.19, 6.0],
  ["Belo Horizonte", -19.92, -43.94, 6.0],
  ["Singapore", 1.35, 103.82, 5.8],
  ["Houston", 29.76, -95.37, 6.1],
  ["Dallas", 32.78, -96.8, 6.1],
  ["Philadelphia", 39.95, -75.17, 5.7],
  ["Atlanta", 33.75, -84.39, 5.6],
  ["Fukuoka", 33.59, 130.4, 5.6],
  ["Khartoum", 15.5, 32.56, 5.5],
  ["Barcelona", 41.39, 2.17, 5.5],
  ["Johannesburg", -26.2, 28.05, 5.5],
  ["Saint Petersburg", 59.93, 30.34, 5.4],
  ["Washington", 38.91, -77.04, 5.2],
  ["Yangon", 16.87, 96.2, 5.2],
  ["Alexandria", 31.2, 29.92, 5.1],
  ["Guadalajara", 20.67, -103.35, 5.0],
  ["Ankara", 39.93, 32.86, 4.9],
  ["Melbourne", -37.81, 144.96, 4.8],
  ["Sydney", -33.87, 151.21, 4.8],
  ["Nairobi", -1.29, 36.82, 4.4],
  ["Hanoi", 21.03, 105.85, 4.3],
  ["Brasília", -15.79, -47.88, 4.5],
  ["Cape Town", -33.92, 18.42, 4.4],
  ["Rome", 41.9, 12.5, 4.2],
  ["Montreal", 45.5, -73.57, 4.2],
  ["Kyiv", 50.45, 30.52, 2.9],
  ["Tel Aviv", 32.09, 34.78, 4.0],
  ["Casablanca", 33.57, -7.59, 3.7],
  ["Berlin", 52.52, 13.41, 3.6],
  ["Seattle", 47.61, -122.33, 3.4],
  ["San Francisco", 37.77, -122.42, 3.3],
  ["Milan", 45.46, 9.19, 3.1],
  ["Athens", 37.98, 23.73, 3.2],
  ["Lisbon", 38.72, -9.14, 2.9],
  ["Manchester", 53.48, -2.24, 2.7],
  ["Dubai", 25.2, 55.27, 2.8],
  ["Denver", 39.74, -104.99, 2.8],
  ["Tashkent", 41.3, 69.24, 2.5],
  ["Vancouver", 49.28, -123.12, 2.5],
  ["Brisbane", -27.47, 153.03, 2.4],
  ["Vienna", 48.21, 16.37, 1.9],
  ["Warsaw", 52.23, 21.01, 1.8],
  ["Stockholm", 59.33, 18.07, 1.6],
  ["Auckland", -36.85, 174.76, 1.6],
  ["Copenhagen", 55.68, 12.57, 1.3],
  ["Dublin", 53.35, -6.26, 1.2],
  ["Amsterdam", 52.37, 4.9, 1.1],
  ["Frankfurt", 50.11, 8.68, 0.8],
];

export const CITIES: readonly City[] = TABLE.map(([name, latitude, longitude, millions]) => ({
  name,
  latitude,
  longitude,
  millions,
}));

export function cityNamed(name: string): City {
  const city = CITIES.find((each) => each.name === name);
  if (city === undefined) throw new Error(`no city of the table is called ${name}`);
  return city;
}
