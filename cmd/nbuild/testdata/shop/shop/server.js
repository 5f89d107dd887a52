require('left')
