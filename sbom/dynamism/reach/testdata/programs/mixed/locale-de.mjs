export const names = ['anna'];
