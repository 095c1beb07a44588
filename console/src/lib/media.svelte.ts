// Whether the screen is a phone's: tables then show less per line and more lines.

const query = matchMedia('(max-width: 720px)');
let matches = $state(query.matches);
query.addEventListener('change', () => (matches = query.matches));

export const narrow = (): boolean => matches;
