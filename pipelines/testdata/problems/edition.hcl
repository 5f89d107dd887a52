nbuild = "2"
project "x" {}
zone "y" {}
