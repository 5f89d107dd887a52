exports.load = () => require('lodash.template');
