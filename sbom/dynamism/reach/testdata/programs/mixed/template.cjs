const lazily = require('./lazily.cjs');

exports.template = (data) => lazily.load()('Hello <%= name.toUpperCase() %>')(data);
